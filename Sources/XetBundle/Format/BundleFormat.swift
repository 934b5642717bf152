import XetCore

/// Numbers of the format; `docs/bundle.md` has it byte by byte.
///
/// A bundle is a mark and frames behind it. A frame is a kind, the length of what it says, that, and a hash of the
/// whole stream up to there without the hashes: what is changed, missing or in another place shows at the next of
/// them.
enum BundleFormat {
    /// The first bytes: a name, the version, and line ends that a transfer as text would change.
    static let mark = Array("xet-bundle 1\r\n\u{1A}\n".utf8)
    /// A kind, and a length as 32 bits.
    static let headByteCount = 5
    static let hashByteCount = 32

    /// Before each digest that is signed, so that the signature means nothing else.
    static let signatureDomain = Array("xet bundle signature 1\0".utf8)
    static let signatureByteCount = 96

    /// Most repositories of a bundle.
    static let maximumRepositoryCount = 4096
    /// Most bytes of the answer of a Hub, and of a file that is carried as one.
    static let maximumBodyByteCount = 32 << 20
    /// Most headers of an answer.
    static let maximumHeaderCount = 1024
    /// Most bytes of a header, of a target, of a name.
    static let maximumTextByteCount = 65_535
    /// Most terms of a frame.
    static let maximumTermCount = 1 << 16
    /// Most chunks of a frame, so that a xorb always fits the index of a cache.
    static let maximumChunkCount = XorbBuilder.maximumChunkCount
    /// Most serialized bytes of a frame of chunks; how many a writer puts into one is its choice.
    static let maximumRunByteCount = 8 << 20

    /// Bytes of a term.
    static let termByteCount = 44
    /// Bytes of the record of a chunk.
    static let recordByteCount = 38
}

/// What a frame is; the letters are the bytes in the stream.
enum FrameKind: UInt8 {
    /// `B`: what the bundle is of; the first frame.
    case contents = 0x42
    /// `A`: an answer of the Hub.
    case answer = 0x41
    /// `F`: terms of a file.
    case file = 0x46
    /// `C`: chunks.
    case chunks = 0x43
    /// `E`: how much of everything there was.
    case end = 0x45
    /// `S`: a signature, or nothing; the last frame.
    case signature = 0x53

    /// Most bytes of what it says.
    var maximumByteCount: Int {
        switch self {
        case .contents: 1 << 20
        case .answer: BundleFormat.maximumBodyByteCount + 4 << 20
        case .file: 64 + BundleFormat.maximumTermCount * BundleFormat.termByteCount
        case .chunks:
            64 + BundleFormat.maximumChunkCount * BundleFormat.recordByteCount + BundleFormat.maximumRunByteCount
        case .end: 40
        case .signature: BundleFormat.signatureByteCount
        }
    }
}
