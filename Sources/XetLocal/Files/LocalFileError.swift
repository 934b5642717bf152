/// What cannot be done with a file or folder here.
package enum LocalFileError: Error, Hashable, Sendable {
    /// What was tried.
    package enum Operation: String, Sendable {
        case read
        case write
        case open
        case create
        case replace
        case remove
        case lock
        case examine = "look at"
    }

    /// The system refused.
    case system(Operation, LocalPath, code: CInt)
    /// A path without a single byte.
    case emptyPath
    /// A folder, where a file is to be.
    case folder(LocalPath)
    /// No such folder to put a file into.
    case noFolder(LocalPath)
    /// A part of a file that is no plain file, and may lead elsewhere.
    case strangePart(LocalPath, FileKind)
    /// A part of a file that has other names too, so that writing to it changes what they name.
    case sharedPart(LocalPath)
    /// A part of a file that someone else put there.
    case foreignPart(LocalPath)
    /// A part of a file whose name means something else by now.
    case movedPart(LocalPath)
    /// A file of which the Hub says nothing that its content could be called by.
    case namelessContent(LocalPath)
    /// A file that was written to while it was read.
    case changedWhileRead(LocalPath)
    /// A link that leads to nothing.
    case brokenLink(LocalPath)
    /// Something that has no bytes to be read from start to end, as often as needed.
    case unreadable(LocalPath, FileKind)
    /// A name that no file in a repository can have.
    case unnameable(LocalPath)
    /// Something that bytes cannot be written to.
    case unwritable(LocalPath, FileKind)
}

extension LocalFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "cannot \(operation.rawValue) \(path): \(SystemCall.text(code))"
        case .emptyPath:
            "an empty name is no file"
        case .folder(let path):
            "\(path) is a folder: name the file in it"
        case .noFolder(let path):
            "there is no folder \(path)"
        case .strangePart(let path, let kind):
            "\(path) is \(kind), not the part of a file that belongs there: remove it"
        case .sharedPart(let path):
            "\(path) is the same file as another one, which would be changed too: remove it"
        case .foreignPart(let path):
            "\(path) belongs to another user: remove it, or write elsewhere"
        case .movedPart(let path):
            "\(path) was moved or replaced while it was written"
        case .namelessContent(let path):
            "the Hub does not say what the content of \(path) is: it cannot stand in the cache of the official client"
        case .changedWhileRead(let path):
            "\(path) was changed while it was read: try again when it is complete"
        case .brokenLink(let path):
            "\(path) is a link that leads to nothing"
        case .unreadable(let path, let kind):
            "\(path) is \(kind): it cannot be uploaded"
        case .unnameable(let path):
            "\(path) has a name that no file in a repository can have"
        case .unwritable(let path, let kind):
            "\(path) is \(kind): it cannot be written to"
        }
    }
}
