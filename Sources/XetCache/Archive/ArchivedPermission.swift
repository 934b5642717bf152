import XetCore

/// What is known of a caller and a repository: what stands in a row is 17 bytes, the state and two times, little-endian.
struct ArchivedPermission: Equatable, Sendable {
    enum State: UInt8 {
        case refused = 0
        /// Whether it may have the files is not known.
        case seen = 1
        case files = 2
        case seenWithoutFiles = 3
    }

    private(set) var state: State
    /// When it was last permitted to see the repository, in Unix seconds.
    private(set) var seenTime: Int64 = 0
    /// When it was last permitted to have files.
    private(set) var filesTime: Int64 = 0

    init(_ state: State) {
        self.state = state
    }

    /// `nil` if that are not the bytes of one.
    init?(bytes: [UInt8]) {
        guard bytes.count == 17, let state = State(rawValue: bytes[0]) else { return nil }
        self.state = state
        seenTime = Int64(bitPattern: bytes.rawSpan.littleEndianUInt64(at: 1))
        filesTime = Int64(bitPattern: bytes.rawSpan.littleEndianUInt64(at: 9))
    }

    var bytes: [UInt8] {
        var bytes = [state.rawValue]
        for time in [seenTime, filesTime] { bytes.appendLittleEndian(UInt64(bitPattern: time)) }
        return bytes
    }

    /// It is permitted to see the repository, or to have its files.
    mutating func note(files: Bool, at time: Int64) {
        seenTime = time
        if files {
            (state, filesTime) = (.files, time)
        } else if state == .refused {
            state = .seen
        }
    }

    /// It is refused the repository, or its files.
    mutating func refuse(filesAlone: Bool) {
        state = filesAlone ? .seenWithoutFiles : .refused
        filesTime = 0
        if !filesAlone { seenTime = 0 }
    }
}
