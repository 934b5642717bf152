import Synchronization
public import XetAccess
import XetBundle

/// Takes over what the bundles in a store say that the Hub said, once each.
public final class ImportedBundles: Sendable {
    /// Most objects that a list may have, bundles and their parts.
    private static let mostObjectCount = 1 << 20
    /// How often bundles are looked for that are new.
    private static let pause = Duration.seconds(30)

    private let shared: SharedBlocks
    private let archive: (any HubArchive)?
    private let onFailure: @Sendable (any Error) -> Void
    private let seen = Mutex<Set<String>>([])

    /// Bundles of a store that go into an archive, if there is one.
    ///
    /// `onFailure` gets why one could not be taken over; it is tried again.
    public init(
        _ shared: SharedBlocks,
        archive: (any HubArchive)?,
        onFailure: @escaping @Sendable (any Error) -> Void
    ) {
        self.shared = shared
        self.archive = archive
        self.onFailure = onFailure
    }

    /// Bundles that were taken over.
    public var count: Int { seen.withLock { $0.count } }

    /// Looks for new bundles again and again, until it is cancelled.
    public func run() async {
        repeat { await update() } while (try? await shared.time.sleep(Self.pause)) != nil
    }

    /// Takes over what is new; returns whether nothing failed: that is left for the next time.
    @discardableResult
    public func update() async -> Bool {
        var isDone = true
        let known = seen.withLock { $0 }
        do {
            for end in try await ends() where !known.contains(end.name) {
                do {
                    try await take(end)
                    seen.withLock { _ = $0.insert(end.name) }
                } catch let error where !(error is CancellationError) {
                    isDone = false
                    onFailure(error)
                }
            }
        } catch {
            isDone = false
            if !(error is CancellationError) { onFailure(error) }
        }
        if count > 0, !shared.isOffline { shared.shelf.imports = .last }
        return isDone
    }

    private struct End {
        let name: String
        let bundle: String
        let forAll: Bool
    }

    /// The objects that say that a bundle is whole.
    private func ends() async throws -> [End] {
        let prefix = shared.shelf.area.bundlesPrefix
        var (ends, last, count): ([End], String?, Int) = ([], nil, 0)
        while true {
            let objects = try await shared.asking { try await $0.list(prefix, after: last) }
            guard let name = objects.last?.name, name != last, count < Self.mostObjectCount else { return ends }
            last = name
            count += objects.count
            for object in objects {
                let parts = object.name.dropFirst(prefix.count).split(separator: "/")
                guard parts.count == 2, ["end", "all"].contains(parts[1]) else { continue }
                ends.append(End(name: object.name, bundle: String(parts[0]), forAll: parts[1] == "all"))
            }
        }
    }

    private func take(_ end: End) async throws {
        guard let archive else { return }
        let area = shared.shelf.area
        let count = try await shared.asking { shelf in
            try await shelf.sealed(end.name, upTo: 64, ImportedAnswers.count)
        }
        guard let count else { throw XetError(.notFound, "the store has no \(end.name)") }
        var sources: Set<BundleContents.Source> = []
        for number in 0..<count {
            let name = area.answersName(of: end.bundle, number)
            let found = try await shared.asking { shelf in
                try await shelf.sealed(name, upTo: ImportedAnswers.mostByteCount, ImportedAnswers.init)
            }
            guard let found else { throw XetError(.notFound, "the store has no \(name)") }
            try await archive.keep(found.answers)
            sources.formUnion(found.contents.sources)
        }
        for repository in Set(sources.map(\.repository)) {
            guard end.forAll || sources.allSatisfy({ $0.repository != repository || $0.isPublic }) else { continue }
            try await archive.permit(nil, repository, files: true)
        }
    }
}
