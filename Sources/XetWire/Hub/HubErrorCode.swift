/// Values of `X-Error-Code` that clients know.
public enum HubErrorCode {
    /// No such repository, or not for this caller.
    public static let repositoryNotFound = "RepoNotFound"
    /// No such branch, tag or commit.
    public static let revisionNotFound = "RevisionNotFound"
    /// No such file in this revision.
    public static let entryNotFound = "EntryNotFound"
    /// The caller has not been given access to a gated repository.
    public static let gatedRepository = "GatedRepo"
    /// A proxy that asks no Hub does not have it.
    public static let offline = "ProxyOffline"
}
