import XetWire

/// An entry of a listing; `expand` adds the commit that last changed it.
struct TreeItemBody: Encodable {
    struct Commit: Encodable {
        let id: String
        let title: String
        let date: String
    }

    private enum CodingKeys: String, CodingKey {
        case lastCommit
    }

    let entry: TreeEntryBody
    let lastCommit: Commit?

    init(_ node: RepositorySnapshot.Node, in snapshot: RepositorySnapshot, isExpanded: Bool) {
        entry =
            switch node {
            case .file(let file): file.treeEntry
            case .folder(let path, let object):
                TreeEntryBody(type: "directory", path: path.text, size: 0, oid: object.text)
            }
        lastCommit =
            isExpanded
            ? Commit(
                id: snapshot.commit,
                title: RepositorySnapshot.commitTitle,
                date: HTTPDate(unixSeconds: Int64(snapshot.modifiedSeconds)).isoText
            ) : nil
    }

    func encode(to encoder: any Encoder) throws {
        try entry.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(lastCommit, forKey: .lastCommit)
    }
}
