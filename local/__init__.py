"""The whole system on one machine, from the synthesized template."""
