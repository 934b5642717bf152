import ArgumentParser
import FoundationEssentials
import XetAccess
import XetCore
import XetWire

/// Which Hub, for every command that talks to one.
struct HubOptions: ParsableArguments {
    static let defaultEndpoint = "https://huggingface.co"

    @Option(
        name: .customLong("hub-endpoint"),
        help: ArgumentHelp(
            "Address of the Hub. (env HF_ENDPOINT, default: \(Self.defaultEndpoint))",
            valueName: "url"
        )
    )
    var endpoint: String?

    /// The Hub's address.
    func address() throws -> HTTPAddress {
        let text = endpoint ?? Environment["HF_ENDPOINT"] ?? Self.defaultEndpoint
        guard let address = HTTPAddress(text) else {
            throw ValidationError("The Hub's address '\(text)' is no http or https URL.")
        }
        return address
    }
}

/// Which repository and revision, for every command about one.
struct RepositoryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Branch, tag or commit.", valueName: "name"))
    var revision = "main"

    @Option(help: ArgumentHelp("model, dataset, space, kernel or bucket.", valueName: "kind"))
    var repoType = "model"

    func validate() throws {
        guard !revision.isEmpty, CommandArguments.isPlain(revision) else {
            throw ValidationError("'--revision' is the name of a branch, tag or commit.")
        }
    }

    /// Parses `owner/name`, which may be preceded by `datasets/`, `spaces/`, `kernels/` or `buckets/`.
    func repository(_ name: String) throws -> Repository {
        guard let kind = RepositoryKind(name: repoType) else {
            throw ValidationError("'--repo-type' is model, dataset, space, kernel or bucket, not '\(repoType)'.")
        }
        guard let repository = Repository(prefixedName: name, kind: kind) else {
            throw ValidationError("'\(name)' is no repository: expected owner/name.")
        }
        return repository
    }
}

/// The process's environment; an empty variable counts as not set.
enum Environment {
    /// All variables.
    static var all: [String: String] { ProcessInfo.processInfo.environment }

    static subscript(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
