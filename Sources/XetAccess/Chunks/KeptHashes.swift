import Synchronization
import XetCore

/// The hashes of the chunks of a run, as they become known.
final class KeptHashes: ChunkHashes {
    private struct State {
        var records: [ChunkRecord]
        /// The run, once it is kept.
        var run: ChunkRun.ID?
        /// Whether there are hashes that the store does not have.
        var isChanged = false
    }

    private let first: Int
    private let state: Mutex<State>

    /// The hashes of a run that is kept, or of one that begins at chunk `first` and comes.
    init(first: Int, records: [ChunkRecord] = [], run: ChunkRun.ID? = nil) {
        self.first = first
        state = Mutex(State(records: records, run: run))
    }

    convenience init(_ run: ChunkRun) {
        self.init(first: run.chunks.start, records: run.contents.records, run: run.id)
    }

    /// How many records there are so far.
    var count: Int { state.withLock { $0.records.count } }

    /// The records so far.
    var records: [ChunkRecord] { state.withLock { $0.records } }

    func hash(of chunk: Int) -> ChunkHash? {
        state.withLock { state in
            state.records.indices.contains(chunk - first) ? state.records[chunk - first].hash : nil
        }
    }

    func note(_ hash: ChunkHash, of chunk: Int) -> Bool {
        state.withLock { state in
            guard state.records.indices.contains(chunk - first), state.records[chunk - first].hash == nil else {
                return
            }
            state.records[chunk - first].hash = hash
            state.isChanged = true
        }
        return true
    }

    /// Adds the record of the chunk that comes next.
    func append(_ record: ChunkRecord) {
        state.withLock { $0.records.append(record) }
    }

    /// Notes that the store has the run with some of these records.
    func noteKept(_ run: ChunkRun) {
        state.withLock { state in
            state.run = run.id
            state.isChanged = state.records != run.contents.records
        }
    }

    /// Gives the store what it does not have.
    func flush(to store: some ChunkStore) async throws {
        let change = state.withLock { state -> (ChunkRun.ID, [ChunkRecord])? in
            guard let run = state.run, state.isChanged else { return nil }
            state.isChanged = false
            return (run, state.records)
        }
        if let (run, records) = change { try await store.note(records, of: run) }
    }
}
