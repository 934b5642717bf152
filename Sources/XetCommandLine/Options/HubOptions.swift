import ArgumentParser
import FoundationEssentials
import XetAccess
import XetConfiguration
import XetCore
import XetWire

/// Which Hub, for every command that talks to one.
struct HubOptions: ParsableArguments {
    static let defaultEndpoint = "https://huggingface.co"

    @Option(
        name: .customLong("hub-endpoint"),
        help: ArgumentHelp(
            """
            Address of the Hub; a token may stand in it, as in https://user:token@host. (env HF_ENDPOINT, default: \
            \(Self.defaultEndpoint))
            """,
            valueName: "url"
        )
    )
    var endpoint: String?

    /// The Hub's address, without the user that may stand in it.
    func address() throws -> HTTPAddress { try parts().address }

    /// The user's token: the password in the Hub's address, or the user if there is none, else ``StoredToken``.
    func token() throws -> HubToken? {
        guard let credentials = try parts().credentials else { return try StoredToken.find() }
        guard let token = HubToken(credentials.password.isEmpty ? credentials.user : credentials.password) else {
            throw ValidationError("The token in the Hub's address is empty, or cannot stand in a header.")
        }
        return token
    }

    private func parts() throws -> (address: HTTPAddress, credentials: HTTPAddress.Credentials?) {
        let text = endpoint ?? Environment["HF_ENDPOINT"] ?? Self.defaultEndpoint
        guard let parts = HTTPAddress.split(text) else {
            throw ValidationError("The Hub's address '\(Shown.text(text))' is no http or https URL.")
        }
        return parts
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

    /// Parses a name or an address, which may name a revision and a path as well.
    func address(_ text: String, hub: HTTPAddress) throws -> RepositoryAddress {
        let kind = try kind()
        guard let address = RepositoryAddress(text, kind: kind, hub: hub) else {
            throw ValidationError("'\(text)' is no repository: expected owner/name, or its hf:// or https address.")
        }
        return address
    }

    private func kind() throws -> RepositoryKind {
        guard let kind = RepositoryKind(name: repoType) else {
            throw ValidationError("'--repo-type' is model, dataset, space, kernel or bucket, not '\(repoType)'.")
        }
        return kind
    }

    /// Parses `owner/name`, which may be preceded by `datasets/`, `spaces/`, `kernels/` or `buckets/`.
    func repository(_ name: String) throws -> Repository {
        let kind = try kind()
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
