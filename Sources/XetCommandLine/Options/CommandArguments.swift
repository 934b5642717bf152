import ArgumentParser
import XetLocal

/// The arguments of the process, without loss: the system passes bytes, which need not be UTF-8.
enum CommandArguments {
    /// Private characters that stand for a byte each.
    private static let standIn: UInt32 = 0x10FF00

    /// Every argument after the program's name as text; bytes that are no UTF-8 become stand-ins.
    static var texts: [String] {
        let arguments = unsafe UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        // SAFETY: the system passes so many strings, which live as long as the process.
        return unsafe arguments.dropFirst().compactMap { argument in
            guard let argument = unsafe argument else { return nil }
            return unsafe text(bytes(of: argument))
        }
    }

    @unsafe private static func bytes(of argument: UnsafeMutablePointer<CChar>) -> [UInt8] {
        var bytes: [UInt8] = []
        var end = unsafe argument
        while unsafe end.pointee != 0 {
            bytes.append(UInt8(bitPattern: unsafe end.pointee))
            unsafe end += 1
        }
        return bytes
    }

    /// The bytes of one argument as text.
    static func text(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for part in UTF8Parts(bytes) {
            switch part {
            case .scalar(let scalar) where scalar.value < standIn: text.append(scalar)
            case .scalar(let scalar): text.append(contentsOf: String(scalar).utf8.compactMap(standIn(for:)))
            case .invalid(let byte): text.append(contentsOf: [byte].compactMap(standIn(for:)))
            }
        }
        return String(text)
    }

    /// The bytes that a text stands for.
    static func bytes(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            scalar.value < standIn ? Array(String(scalar).utf8) : [UInt8(truncatingIfNeeded: scalar.value)]
        }
    }

    /// Whether a text is what was given, with nothing that stands for something else.
    static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value < standIn }
    }

    private static func standIn(for byte: UInt8) -> Unicode.Scalar? {
        Unicode.Scalar(standIn + UInt32(byte))
    }
}

extension LocalPath: ExpressibleByArgument {
    /// Takes an argument as ``CommandArguments`` gave it.
    package init?(argument: String) {
        self.init(bytes: CommandArguments.bytes(argument))
    }
}
