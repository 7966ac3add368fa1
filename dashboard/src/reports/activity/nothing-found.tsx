import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Empty } from "../../parts/empty";
import type { Group } from "../../sending/groups";
import { cleared, isSelective, LONGEST, type Filter } from "./filter";
import { FirstMail } from "./first-mail";
import type { Search } from "./search";

/** Why a page has no events, and what to do next. */
export function NothingFound({
  filter,
  found: { hasMore, pageNumber, turnTo },
  groups,
  onFilter,
}: {
  filter: Filter;
  found: Search;
  groups: readonly Group[];
  onFilter: (changed: Partial<Filter>) => void;
}) {
  if (hasMore) {
    return (
      <Empty
        title="Nothing found so far"
        text="Only a part of this time has been looked through, the newest first."
        action={<Button onClick={() => void turnTo(pageNumber + 1)}>Look further back</Button>}
      />
    );
  }
  if (pageNumber > 1) {
    return (
      <Empty
        title="That was all"
        text="There is nothing older in this time."
        action={<Button onClick={() => void turnTo(1)}>To the first page</Button>}
      />
    );
  }
  const isLongest = "last" in filter.range && filter.range.last === LONGEST.last;
  const further = !isLongest && (
    <Button onClick={() => onFilter({ range: { last: LONGEST.last } })}>
      Look at the {LONGEST.label.toLowerCase()}
    </Button>
  );
  if (isSelective(filter)) {
    return (
      <Empty
        title="Nothing matches"
        text="No event of this time is like that."
        action={
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={() => onFilter(cleared(filter))}>Clear filter</Button>
            {further}
          </SpaceBetween>
        }
      />
    );
  }
  return (
    <SpaceBetween size="m">
      <Empty
        title="Nothing happened in this time"
        text="Send a mail, and what becomes of it is shown here within seconds."
        action={further}
      />
      <FirstMail groups={groups} />
    </SpaceBetween>
  );
}
