import XetAccess
import XetCore
import XetWire

/// What an archive finds an answer by: the question in one spelling, and what the answer says of itself.
struct AnswerFacts: Sendable {
    /// What it was asked, with the commit in the place of a branch if the answer says which.
    let target: HubTarget
    /// Where branches and tags are, by their names.
    let commits: [String: String]
    /// The entity tag of a content, without quotes and weakness.
    let contentTag: String?
    /// The hash of a file in XET.
    let fileHash: FileHash?

    init(_ answer: ArchivedAnswer, of repository: Repository) {
        let asked = HubTarget(answer.target, of: repository)
        var commits: [String: String] = [:]
        var commit: String?
        if let revision = asked.wantedRevision {
            commit = answer.header("X-Repo-Commit").flatMap { HubKnowledge.isCommit($0) ? $0 : nil }
            if commit == nil, asked.subject == .information { commit = HubKnowledge.commit(answer.body) }
            // An abbreviated commit would not do as a name.
            if let commit, revision != commit { commits[revision] = commit }
        } else if asked.subject == .references {
            commits = HubKnowledge.references(answer.body)
        }
        target = commit.map(asked.at) ?? asked
        self.commits = commits
        let isContent =
            switch asked.subject {
            case .file, .other: answer.method == "GET" && answer.status == 200
            default: false
            }
        let tag = answer.header("X-Linked-Etag") ?? answer.header("ETag")
        contentTag = isContent ? tag.flatMap { EntityTag($0)?.opaque } : nil
        fileHash = answer.header("X-Xet-Hash").flatMap { FileHash($0) }
    }
}
