import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { week, type Day } from "./counts";
import "./hours.css";

const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const NAMES = new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" });

/** When people open: the hours of the week, the darker the more. */
export function Hours({ days }: { days: readonly Day[] }) {
  const counts = week(days);
  const most = Math.max(...counts.flat());
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={`Opens that show a person, by hour and weekday, in your time zone (${zone}).`}
        >
          When people open
        </Header>
      }
    >
      {most === 0 ? (
        <Box color="text-body-secondary">No open of these days shows a person.</Box>
      ) : (
        <div className="hours" tabIndex={0} role="group" aria-label="When people open">
          <table>
            <thead>
              <tr>
                <th scope="col">Day</th>
                {counts[0]!.map((_, hour) => (
                  <th key={hour} scope="col">
                    {hour}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {counts.map((hours, weekday) => (
                <tr key={weekday}>
                  <th scope="row">{NAMES.format(MONDAY + weekday * DAY_MS)}</th>
                  {hours.map((count, hour) => (
                    <td key={hour} style={{ "--share": count / most } as React.CSSProperties}>
                      {count || ""}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Container>
  );
}
