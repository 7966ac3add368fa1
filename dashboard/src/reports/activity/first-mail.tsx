import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { ApiCommand, SmtpCommand } from "../../sending/connection";
import type { Group } from "../../sending/groups";
import { API_KEYS, SMTP_USERS } from "../../sending/kinds";

/** How a first mail is sent: by SMTP, and by the API. */
export function FirstMail({ groups }: { groups: readonly Group[] }) {
  const user = groups.find(({ kind }) => kind === SMTP_USERS)?.credentials[0];
  const account = {
    username: user?.smtp_username ?? user?.id ?? "USERNAME",
    password: null,
    host: user?.smtp_host ?? null,
  };
  return (
    <Box textAlign="left">
      <SpaceBetween size="s">
        <Box>
          By SMTP, as one of your <Link href={`#${SMTP_USERS.page}`}>SMTP users</Link>:
        </Box>
        <SmtpCommand account={account} />
        <Box>
          By the API, with one of your <Link href={`#${API_KEYS.page}`}>API keys</Link>:
        </Box>
        <ApiCommand />
      </SpaceBetween>
    </Box>
  );
}
