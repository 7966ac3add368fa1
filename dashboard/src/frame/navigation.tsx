import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import { useLocation } from "react-router";

const ITEMS: SideNavigationProps.Item[] = [
  {
    type: "section",
    text: "Sending",
    items: [
      { type: "link", text: "SMTP Users", href: "#/sending/smtp-users" },
      { type: "link", text: "IP Authentication", href: "#/sending/ip-addresses" },
      { type: "link", text: "API Keys", href: "#/sending/api-keys" },
    ],
  },
  {
    type: "section",
    text: "Reports",
    items: [
      { type: "link", text: "Activity", href: "#/reports/activity" },
      { type: "link", text: "Opens", href: "#/reports/opens" },
    ],
  },
  {
    type: "section",
    text: "Settings",
    items: [{ type: "link", text: "Webhooks", href: "#/settings/webhooks" }],
  },
];

/** The pages that there are. */
export function Navigation() {
  const [, section, page] = useLocation().pathname.split("/");
  return <SideNavigation activeHref={`#/${section}/${page}`} items={ITEMS} />;
}
