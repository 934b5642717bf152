import HTTPTypes
import Hummingbird
import XetCore
import XetWire

/// `GET /api/{kind}/{repository}[/revision/{revision}]`: what a repository is and which files it has.
struct RepositoryRoute: Route {
    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.api(request.segments),
            rest.isEmpty || (rest.count == 2 && rest.first == "revision")
        else { return nil }
        let revision = rest.last ?? RepositorySnapshot.branch
        let snapshot = try access.snapshot(name, revision: revision, access.caller(of: request), request)
        let files: RepositoryBody.Files = request.target.query.flag("blobs") ? .withBlobs : .names
        return .json(RepositoryBody(snapshot, access, files))
    }
}

/// The Hub's description of a repository.
struct RepositoryBody: Encodable {
    struct Sibling: Encodable {
        struct LFS: Encodable {
            let sha256: String
            let size: UInt64
            let pointerSize: Int
        }

        let rfilename: String
        var size: UInt64?
        var blobId: String?
        var lfs: LFS?

        init(_ entry: CatalogEntry, withBlobs: Bool) {
            rfilename = entry.path.text
            guard withBlobs else { return }
            size = entry.byteCount
            blobId = entry.gitObject.text
            if case .xet(_, let sha256, let pointer) = entry.storage {
                lfs = LFS(sha256: sha256.text, size: entry.byteCount, pointerSize: pointer.byteCount)
            }
        }
    }

    /// What is said of the files.
    enum Files {
        case none
        case names
        case withBlobs
    }

    /// `false`, or how access is granted.
    enum Gated: Encodable {
        case no
        case manual

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .no: try container.encode(false)
            case .manual: try container.encode("manual")
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case identifier = "_id"
        case id, modelId, author, sha, lastModified, createdAt, gated, disabled, downloads, likes, tags, siblings
        case isPrivate = "private"
        case usedStorage
    }

    let identifier: String
    let id: String
    let modelId: String?
    let author: String
    let sha: String
    let lastModified: String
    let createdAt: String
    let isPrivate: Bool
    let gated: Gated
    let disabled = false
    let downloads = 0
    let likes = 0
    let tags: [String] = []
    let siblings: [Sibling]?
    let usedStorage: UInt64

    init(_ snapshot: RepositorySnapshot, _ access: HubAccess, _ files: Files) {
        identifier = String(snapshot.commit.prefix(24))
        id = snapshot.repository.name
        modelId = snapshot.repository.kind == .model ? snapshot.repository.name : nil
        author = snapshot.repository.owner
        sha = snapshot.commit
        lastModified = HTTPDate(unixSeconds: Int64(snapshot.modifiedSeconds)).isoText
        createdAt = lastModified
        isPrivate = access.isPrivate(snapshot.repository)
        gated = access.isGated(snapshot.repository) ? .manual : .no
        siblings = files == .none ? nil : snapshot.files.map { Sibling($0, withBlobs: files == .withBlobs) }
        usedStorage = snapshot.files.reduce(0) { $0 + $1.byteCount }
    }
}

extension Repository {
    /// What precedes the slash.
    var owner: String { String(name.prefix { $0 != "/" }) }
}
