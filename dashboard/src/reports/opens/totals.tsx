import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import { share, type Counts } from "./counts";

/** The four numbers: what left, what arrived, what was reported opened, and what a person opened. */
export function Totals({ counts }: { counts: Counts }) {
  return (
    <Container>
      <ColumnLayout columns={4} variant="text-grid" minColumnWidth={170}>
        <Total label="Sent" count={counts.sent} note="Mails that Amazon SES took" />
        <Total
          label="Delivered"
          count={counts.delivered}
          note={`${share(counts.delivered, counts.sent)} of those sent`}
        />
        <Total
          label="Reported opens"
          count={counts.opens}
          note={`${share(counts.opens, counts.delivered)} of those delivered, whatever it was that opened them`}
        />
        <Total
          label="Opened by people"
          count={counts.opens_human}
          note={`${share(counts.opens_human, counts.delivered)} of those delivered have an open that shows a person`}
        />
      </ColumnLayout>
    </Container>
  );
}

function Total({ label, count, note }: { label: string; count: number; note: string }) {
  return (
    <div>
      <Box variant="awsui-key-label">{label}</Box>
      <Box fontSize="display-l" fontWeight="bold">
        {count.toLocaleString()}
      </Box>
      <Box color="text-body-secondary" fontSize="body-s">
        {note}
      </Box>
    </div>
  );
}
