import Synchronization
public import XetAccess
public import XetCore

/// The files that somebody has imported into a store that replicas share.
public final class SharedImports: ImportedFiles {
    /// Files that are remembered to be there: what is imported stays.
    private static let mostFileCount = 1 << 16

    private let shared: SharedBlocks
    private let files = Mutex<Set<FileHash>>([])

    /// The imports of a store.
    public init(_ shared: SharedBlocks) {
        self.shared = shared
    }

    public func has(_ file: FileHash) async throws -> Bool {
        if files.withLock({ $0.contains(file) }) { return true }
        return try await terms(of: file, 0) != nil
    }

    public func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        guard let first = try await terms(of: file, 0), range.end <= first.byteCount, !range.isEmpty else {
            return nil
        }
        var number = first.number(holding: range.start)
        var found = number == 0 ? first : try await terms(of: file, number)
        var part = found?.part
        while let known = part, known.end < range.end {
            number += 1
            found = try await terms(of: file, number)
            part = found.map { FilePart(start: known.start, terms: known.terms + $0.part.terms) }
        }
        return part
    }

    public func layouts(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkLayout] {
        try await shared.asking { shelf in
            var layouts: [ChunkLayout] = []
            for piece in SharedRange(xorb: xorb, chunks: chunks).pieces {
                var next = piece.chunks.start
                while next < piece.chunks.end,
                    let (_, header) = try await shelf.object(with: next, of: piece.block)
                {
                    if let layout = ChunkLayout(header) { layouts.append(layout) }
                    next = header.chunks.end
                }
            }
            return layouts
        }
    }

    /// The terms that one of a file's objects has; `nil` if there is no such object.
    private func terms(of file: FileHash, _ number: Int) async throws -> ImportedTerms? {
        guard number < ImportedTerms.mostObjectCount else { return nil }
        let found = try await shared.asking { shelf in
            try await shelf.sealed(shelf.area.termsName(of: file, number), upTo: ImportedTerms.mostByteCount) {
                ImportedTerms($0, number: number)
            }
        }
        if found != nil {
            files.withLock { files in
                if files.count >= Self.mostFileCount { files = [] }
                files.insert(file)
            }
        }
        return found
    }
}

extension ChunkLayout {
    /// That of the chunks of an object.
    fileprivate init?(_ header: BlockHeader) {
        self.init(
            chunks: header.chunks,
            firstByte: header.firstByte,
            entries: header.records.map {
                Entry(serializedByteCount: $0.serializedByteCount, unpackedByteCount: $0.unpackedByteCount)
            }
        )
    }
}
