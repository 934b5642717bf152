import XetAccess
import XetCore
import XetWire

/// What listings that are archived say of files that nobody has asked about.
struct KeptTree: Sendable {
    /// Most pages of a listing, which would else have no end if they lead to each other.
    private static let mostPageCount = 10_000
    /// Most bytes of a listing.
    private static let mostByteCount = 128 << 20

    private let archive: any FileArchive

    init(_ archive: any FileArchive) {
        self.archive = archive
    }

    /// A whole listing and when the oldest page of it was asked for; `nil` if a page is missing.
    func entries(_ target: HubTarget) async throws -> (slices: TreeSlices, time: Int64)? {
        var slices = TreeSlices()
        var (next, time, byteCount): (HubTarget?, Int64, Int) = (target, .max, 0)
        for _ in 0..<Self.mostPageCount {
            guard let page = next else { return (slices, time) }
            guard let answer = try await archive.answer(to: "GET", page.text, of: page.repository.archiveName),
                answer.status == 200
            else { return nil }
            byteCount += answer.body.count
            guard byteCount <= Self.mostByteCount, slices.add(answer.body) else { return nil }
            time = min(time, answer.time)
            let links = answer.headers.filter { $0.name.lowercased() == "link" }.map(\.value).joined(separator: ", ")
            guard let link = LinkHeader(parsing: links).target("next") else { return (slices, time) }
            guard let target = Self.target(link, below: page) else { return nil }
            next = target
        }
        return nil
    }

    /// The whole tree of a revision.
    func whole(_ repository: Repository, _ revision: String) async throws -> (slices: TreeSlices, time: Int64)? {
        try await entries(HubTarget(treeOf: repository, at: revision))
    }

    /// The answer that a file is missing, if a listing proves that.
    func missing(_ path: String, _ target: HubTarget) async throws -> ArchivedAnswer? {
        guard let revision = target.revision else { return nil }
        let folder = path.segments(separatedBy: "/").dropLast().joined(separator: "/")
        let nearby = HubTarget(folder: folder, at: revision, of: target.repository)
        var found = try await entries(nearby)
        if found == nil { found = try await whole(target.repository, revision) }
        guard let (slices, time) = found, !slices.entries.contains(where: { $0.path == path }) else { return nil }
        return try await missing(path, target, revision, time)
    }

    /// The answer that there is neither a file nor a folder of a name.
    private func missing(
        _ path: String,
        _ target: HubTarget,
        _ revision: String,
        _ time: Int64
    ) async throws -> ArchivedAnswer {
        let name = target.repository.archiveName
        let commit =
            try await archive.commit(of: revision, in: name) ?? (HubKnowledge.isCommit(revision) ? revision : nil)
        let message = "\(path) is not in \(target.repository) at \(revision)"
        return ArchivedAnswer(
            repository: name,
            method: "GET",
            target: target.text,
            status: 404,
            headers: [
                .init("X-Error-Code", HubErrorCode.entryNotFound), .init("X-Error-Message", message),
                .init("Content-Type", "application/json"),
            ] + (commit.map { [.init("X-Repo-Commit", $0)] } ?? []),
            body: Array(#"{"error":"Entry not found"}"#.utf8),
            time: time
        )
    }

    /// The listing of a folder, with the folders in it or without, taken from that of the whole tree.
    func listing(_ folder: String, _ target: HubTarget) async throws -> ArchivedAnswer? {
        guard let revision = target.revision, let whole = target.wholeTree,
            let (slices, time) = try await entries(whole)
        else { return nil }
        let below = folder.isEmpty ? "" : folder + "/"
        let entries = slices.entries.filter { entry in
            guard entry.path.hasPrefix(below), entry.path.utf8.count > below.utf8.count else { return false }
            return target.isRecursive || !entry.path.dropFirst(below.count).contains("/")
        }
        guard entries.isEmpty, !folder.isEmpty else { return answer(target, entries, time) }
        // Whatever a Hub says of a file that is asked for as a folder, it is not this.
        guard !slices.entries.contains(where: { $0.path == folder }) else { return nil }
        return try await missing(folder, target, revision, time)
    }

    /// The entries with some paths, as `paths-info` lists them.
    func paths(_ paths: [String], _ target: HubTarget) async throws -> ArchivedAnswer? {
        guard let revision = target.revision ?? (target.repository.kind.hasRevisions ? nil : "") else { return nil }
        var found = try await whole(target.repository, revision)
        if found == nil {
            // Each folder may have been listed by itself.
            var (slices, oldest) = (TreeSlices(), Int64.max)
            for folder in Set(paths.map { $0.segments(separatedBy: "/").dropLast().joined(separator: "/") }) {
                let listing = HubTarget(folder: folder, at: revision, of: target.repository)
                guard let (part, time) = try await entries(listing) else { return nil }
                _ = slices.add(TreeSlices.list(part.entries))
                oldest = min(oldest, time)
            }
            found = (slices, oldest)
        }
        guard let (slices, time) = found else { return nil }
        let known = Dictionary(slices.entries.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        return answer(target, paths.compactMap { known[$0] }, time)
    }

    /// What the next page is asked with: whatever path the Hub itself has comes first in its address.
    private static func target(_ link: String, below page: HubTarget) -> HubTarget? {
        guard let start = link.firstRange(of: "/api/\(page.repository.kind.plural)/") else { return nil }
        return HubTarget(String(link[start.lowerBound...]), of: page.repository)
    }

    private func answer(_ target: HubTarget, _ entries: [TreeSlices.Entry], _ time: Int64) -> ArchivedAnswer {
        ArchivedAnswer(
            repository: target.repository.archiveName,
            method: "GET",
            target: target.text,
            status: 200,
            headers: [.init("Content-Type", "application/json; charset=utf-8")],
            body: TreeSlices.list(entries),
            time: time
        )
    }
}
