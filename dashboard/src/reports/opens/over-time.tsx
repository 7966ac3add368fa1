import BarChart from "@cloudscape-design/components/bar-chart";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { CLASSES, OPEN_CLASSES } from "../classes";
import { periodName, periods, type Day, type Period } from "./counts";

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const SHORT = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat(undefined, { month: "short", year: "2-digit", timeZone: "UTC" });

/** Opens by class over time, as a chart or as a table. */
export function OverTime({ days }: { days: readonly Day[] }) {
  const [view, setView] = useState("chart");
  const found = periods(days);
  const period = periodName(days.length);
  const axis = period === "day" ? "Day" : `First day of the ${period}`;
  const classes = OPEN_CLASSES.filter((name) => found.some((each) => each.classes[name]));
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={`All opens of each ${period}, several of a mail too, by what loaded the image.`}
          actions={
            <SegmentedControl
              label="View"
              selectedId={view}
              onChange={({ detail }) => setView(detail.selectedId)}
              options={[
                { id: "chart", text: "Chart" },
                { id: "table", text: "Table" },
              ]}
            />
          }
        >
          Opens over time
        </Header>
      }
    >
      {view === "chart" ? (
        <BarChart
          ariaLabel="Opens over time, by kind"
          stackedBars
          hideFilter
          height={260}
          xScaleType="categorical"
          xTitle={axis}
          yTitle="Opens"
          series={classes.map((name) => ({
            type: "bar" as const,
            title: CLASSES[name].label,
            data: found.map(({ start, classes: counts }) => ({ x: start, y: counts[name] ?? 0 })),
          }))}
          xTickFormatter={(start) => (period === "month" ? MONTH : SHORT).format(new Date(start))}
          empty={<Box color="text-body-secondary">No opens on these days.</Box>}
        />
      ) : (
        <Table<Period>
          variant="embedded"
          ariaLabels={{ tableLabel: "Opens over time, by kind" }}
          items={found.toReversed()}
          columnDefinitions={[
            {
              id: "start",
              header: axis,
              cell: ({ start }) => DATE.format(new Date(start)),
              isRowHeader: true,
            },
            ...classes.map((name) => ({
              id: name,
              header: CLASSES[name].label,
              cell: ({ classes: counts }: Period) => (counts[name] ?? 0).toLocaleString(),
            })),
          ]}
          empty={<Box color="text-body-secondary">No opens on these days.</Box>}
        />
      )}
    </Container>
  );
}
