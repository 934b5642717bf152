import XetCore
import XetWire

/// The content of a repository: what its only commit holds.
struct RepositorySnapshot: Sendable {
    /// The only branch.
    static let branch = "main"
    static let commitTitle = "Files of the folder"

    /// A file or folder of a listing.
    enum Node: Sendable {
        case file(CatalogEntry)
        case folder(RepositoryPath, GitObjectID)

        var path: RepositoryPath {
            switch self {
            case .file(let entry): entry.path
            case .folder(let path, _): path
            }
        }
    }

    let repository: Repository
    /// 40 hex digits that depend on the content alone.
    let commit: String
    /// Time of the last change of any file, in Unix seconds.
    let modifiedSeconds: Int
    /// All files, sorted by path.
    let files: [CatalogEntry]

    private let nodes: [RepositoryPath: Node]
    /// Paths of all files and folders, sorted.
    private let paths: [RepositoryPath]
    /// Paths of what is in a folder, sorted.
    private let children: [RepositoryPath: [RepositoryPath]]
    private let hashes: Set<FileHash>

    init(repository: Repository, files: [CatalogEntry]) {
        self.repository = repository
        self.files = files.sorted { $0.path < $1.path }
        modifiedSeconds = files.map(\.stamp.modifiedSeconds).max() ?? 0
        hashes = Set(files.compactMap { if case .xet(let hash, _, _) = $0.storage { hash } else { nil } })

        var children: [RepositoryPath: Set<RepositoryPath>] = [.root: []]
        for file in files {
            var path = file.path
            while !path.isRoot, children[path.parent, default: []].insert(path).inserted {
                path = path.parent
            }
        }
        var nodes = Dictionary(uniqueKeysWithValues: files.map { ($0.path, Node.file($0)) })
        var root = GitObjectID(tree: [])
        // The deepest folders first, so that what is in a folder has its name before the folder gets one.
        for folder in children.keys.sorted(by: { $0.depth > $1.depth }) {
            let entries = children[folder, default: []].compactMap { path in
                nodes[path].map { node in
                    switch node {
                    case .file(let entry):
                        GitObjectID.TreeEntry(name: path.name, isFolder: false, object: entry.gitObject)
                    case .folder(_, let object):
                        GitObjectID.TreeEntry(name: path.name, isFolder: true, object: object)
                    }
                }
            }
            let object = GitObjectID(tree: entries)
            if folder.isRoot {
                root = object
            } else {
                nodes[folder] = .folder(folder, object)
            }
        }
        self.nodes = nodes
        paths = nodes.keys.sorted()
        self.children = children.mapValues { $0.sorted() }
        commit = GitObjectID(commitOf: root, message: Self.commitTitle).text
    }

    /// Whether the text names the only revision: its branch, in short or in full, or its commit.
    func has(revision: String) -> Bool {
        [Self.branch, "refs/heads/\(Self.branch)", commit].contains(revision)
    }

    func node(_ path: RepositoryPath) -> Node? { nodes[path] }

    func file(_ path: RepositoryPath) -> CatalogEntry? {
        guard case .file(let entry) = nodes[path] else { return nil }
        return entry
    }

    /// Whether a file of the repository has this hash.
    func contains(_ file: FileHash) -> Bool { hashes.contains(file) }

    /// Paths of what is in a folder, or in it and all folders below, sorted; `nil` if there is no such folder.
    ///
    /// Costs no more than a few comparisons, however much there is.
    func listing(of folder: RepositoryPath, isRecursive: Bool) -> ArraySlice<RepositoryPath>? {
        guard let inside = children[folder] else { return nil }
        guard isRecursive else { return inside[...] }
        guard !folder.isRoot else { return paths[...] }
        // What begins with the folder and a slash lies side by side; a slash is followed by a zero in ASCII.
        return paths[index(of: RepositoryPath("\(folder)/"))..<index(of: RepositoryPath("\(folder)0"))]
    }

    /// Where a path is, or would be.
    private func index(of path: RepositoryPath) -> Int {
        var low = 0
        var high = paths.count
        while low < high {
            let middle = low + (high - low) / 2
            if paths[middle] < path {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

extension RepositoryPath {
    /// Number of folders that it is in, itself included; 0 for the root.
    fileprivate var depth: Int {
        isRoot ? 0 : 1 + text.utf8.count { $0 == UInt8(ascii: "/") }
    }
}
