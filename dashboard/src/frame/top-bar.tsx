import TopNavigation from "@cloudscape-design/components/top-navigation";
import { Mode } from "@cloudscape-design/global-styles";
import { endSession, useSession } from "../session/session";
import { choose, useChosenMode } from "./mode";

const MODES = [
  { id: "system", text: "As the system", mode: null },
  { id: "light", text: "Light", mode: Mode.Light },
  { id: "dark", text: "Dark", mode: Mode.Dark },
];

/** The product's name, the choice of light or dark, and who is signed in, if somebody is. */
export function TopBar() {
  const { user } = useSession();
  const mode = useChosenMode();
  return (
    <div id="top-bar">
      <TopNavigation
        identity={{ href: "#/", title: "Open Tracking", logo: { src: "./icon.svg", alt: "" } }}
        utilities={[
          {
            type: "menu-dropdown",
            iconName: "settings",
            ariaLabel: "Light or dark",
            title: "Light or dark",
            items: MODES.map((each) => ({
              id: each.id,
              text: each.text,
              itemType: "checkbox" as const,
              checked: each.mode === mode,
            })),
            onItemClick: ({ detail }) => choose(MODES.find((each) => each.id === detail.id)?.mode ?? null),
          },
          ...(user === null
            ? []
            : [
                {
                  type: "menu-dropdown" as const,
                  iconName: "user-profile" as const,
                  text: user,
                  items: [{ id: "sign-out", text: "Sign out" }],
                  onItemClick: () => void endSession(),
                },
              ]),
        ]}
      />
    </div>
  );
}
