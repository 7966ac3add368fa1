import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useSearchParams } from "react-router";
import { useAnswer } from "../../api/queries";
import { Page } from "../../frame/page";
import { Failure } from "../../parts/failure";
import { Report } from "./report";

const RANGES = [
  { value: "7", label: "Last 7 days" },
  { value: "30", label: "Last 30 days" },
  { value: "90", label: "Last 90 days" },
  { value: "365", label: "Last 365 days" },
];
const DAYS = "days";

/** What came of the opens, over some days up to today. */
export default function Opens() {
  const [search, setSearch] = useSearchParams();
  const range = RANGES.find(({ value }) => value === search.get(DAYS)) ?? RANGES[1]!;
  const { data, error, refetch } = useAnswer("/v3/stats/opens", {
    start_date: daysAgo(Number(range.value) - 1),
  });
  return (
    <Page
      title="Opens"
      header={
        <Header
          variant="h1"
          description="Days are those of UTC. Each open counts on the day of the open, not of the sending."
          actions={
            <Select
              ariaLabel="Time range"
              selectedOption={range}
              options={RANGES}
              onChange={({ detail }) =>
                setSearch({ [DAYS]: detail.selectedOption.value! }, { replace: true })
              }
            />
          }
        >
          Opens
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={error} retry={refetch} />
        {!data && !error && <Spinner size="large" />}
        {data && <Report report={data} />}
      </SpaceBetween>
    </Page>
  );
}

function daysAgo(count: number): string {
  const at = new Date();
  at.setUTCDate(at.getUTCDate() - count);
  return at.toISOString().slice(0, 10);
}
