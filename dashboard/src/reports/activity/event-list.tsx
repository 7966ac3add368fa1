import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { memo, useMemo } from "react";
import { Failure } from "../../parts/failure";
import { useGroups } from "../../sending/groups";
import { pagesOf } from "./credential-pages";
import { EventTable, type Showing } from "./event-table";
import type { ActivityEvent } from "./events";
import { cleared, isSelective, type Filter } from "./filter";
import { FilterFields } from "./filter-fields";
import { NothingFound } from "./nothing-found";
import { useSearch } from "./search";

const NONE: readonly ActivityEvent[] = [];
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/**
 * The events that a filter finds.
 *
 * It is drawn anew only when one of these changes, since drawing a thousand lines takes a moment.
 */
export const EventList = memo(function EventList({
  filter,
  addressOf,
  onFilter,
  onShow,
}: {
  filter: Filter;
  onFilter: (changed: Filter) => void;
} & Showing) {
  const { groups } = useGroups();
  const pages = useMemo(() => pagesOf(groups), [groups]);
  const found = useSearch(filter);
  const events = found.events ?? NONE;
  const isShort = events.length > 0 && events.length < filter.pageSize && found.hasMore;
  const change = (changed: Partial<Filter>) => onFilter({ ...filter, ...changed });
  return (
    <SpaceBetween size="m">
      <Failure error={found.error} retry={() => found.refresh()} />
      <EventTable
        events={events}
        isLoading={found.isLoading}
        pages={pages}
        addressOf={addressOf}
        onShow={onShow}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={found.count}
            description="What happened to your mail, the newest first. Choose a recipient to see all of that mail."
            actions={
              <SpaceBetween direction="horizontal" size="xs" alignItems="center">
                {found.foundAt && <Box color="text-body-secondary">As of {CLOCK.format(found.foundAt)}</Box>}
                {isSelective(filter) && (
                  <Button onClick={() => onFilter(cleared(filter))}>Clear filter</Button>
                )}
                <Button
                  iconName="refresh"
                  ariaLabel="Refresh"
                  loading={found.isAsking}
                  onClick={() => void found.refresh()}
                />
              </SpaceBetween>
            }
          >
            Activity
          </Header>
        }
        filter={<FilterFields filter={filter} onChange={change} />}
        pagination={
          <Pagination
            currentPageIndex={found.pageNumber}
            pagesCount={found.pageCount}
            openEnd={found.isOpenEnded}
            disabled={found.isAsking}
            onChange={({ detail }) => void found.turnTo(detail.currentPageIndex)}
            ariaLabels={{ paginationLabel: "Pages", pageLabel: (page) => `Page ${page}` }}
          />
        }
        footer={
          isShort && (
            <Box textAlign="center" color="text-body-secondary">
              This page is short because only so many events are looked through for each. There may be more on
              the next.
            </Box>
          )
        }
        empty={
          // A failure says by itself that nothing is shown.
          found.events && <NothingFound filter={filter} found={found} groups={groups} onFilter={change} />
        }
      />
    </SpaceBetween>
  );
});
