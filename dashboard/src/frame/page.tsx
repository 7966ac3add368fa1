import AppLayout, { type AppLayoutProps } from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Navigation } from "./navigation";
import { Notices } from "./notices";

/**
 * One page in its frame.
 *
 * @param trail The pages that it is below of, with their addresses.
 * @param panel The column on the right, if there is one to show.
 */
export function Page({
  title,
  trail = [],
  header,
  panel,
  onPanelClose,
  contentType = "default",
  children,
}: {
  title: string;
  trail?: readonly { text: string; href: string }[];
  header?: ReactNode;
  panel?: ReactNode;
  onPanelClose?: () => void;
  contentType?: AppLayoutProps.ContentType;
  children: ReactNode;
}) {
  const [panelSize, setPanelSize] = useState<number>();
  const [panelPosition, setPanelPosition] = useState<AppLayoutProps.SplitPanelPosition>("side");
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = `${title} – Open Tracking`;
  }, [title]);
  useEffect(() => {
    // The link that led here is gone with its page, and the focus with it: whoever came by keyboard goes on here.
    if (document.activeElement === document.body) {
      content.current?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <AppLayout
      headerSelector="#top-bar"
      navigation={<Navigation />}
      toolsHide
      contentType={contentType}
      notifications={<Notices />}
      stickyNotifications
      breadcrumbs={trail.length > 0 && <BreadcrumbGroup items={[...trail, { text: title, href: "" }]} />}
      splitPanel={panel}
      splitPanelOpen={Boolean(panel)}
      splitPanelPreferences={{ position: panelPosition }}
      onSplitPanelPreferencesChange={({ detail }) => setPanelPosition(detail.position)}
      onSplitPanelToggle={({ detail }) => !detail.open && onPanelClose?.()}
      {...(panelSize && { splitPanelSize: panelSize })}
      onSplitPanelResize={({ detail }) => setPanelSize(detail.size)}
      content={
        <div ref={content} tabIndex={-1} role="group" aria-label={title} style={{ outline: "none" }}>
          {header ? <ContentLayout header={header}>{children}</ContentLayout> : children}
        </div>
      }
    />
  );
}
