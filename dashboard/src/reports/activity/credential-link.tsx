import Link from "@cloudscape-design/components/link";

/**
 * A credential's id, which leads to its page if it still has one.
 *
 * @param pages The pages of the credentials that there are, by their ids.
 */
export function CredentialLink({ id, pages }: { id: string; pages: ReadonlyMap<string, string> }) {
  const page = pages.get(id);
  return page ? <Link href={`#${page}`}>{id}</Link> : <>{id}</>;
}
