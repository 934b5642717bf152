import XetAccess
import XetWire

/// What failed between here and Hub, CAS or CDN, and what the person at the shell can do about it.
enum FailureText {
    /// What happened, and then what to do, if that is known.
    static func text(_ error: XetError) -> String {
        var text = error.response?.errorMessage.map { "\($0) (\(error.message))" } ?? "\(error)"
        // What led to it is in the message.
        if error.code == .connectionFailed { text = error.message }
        guard let advice = advice(error) else { return text }
        return (text.hasSuffix(".") ? text : text + ".") + " " + advice
    }

    private static func advice(_ error: XetError) -> String? {
        switch error.response?.errorCode {
        case HubErrorCode.repositoryNotFound:
            return "Check its name and kind (--repo-type); if it is private, set HF_TOKEN to a token that may read it."
        case HubErrorCode.gatedRepository:
            return "Ask for access on its page, and set HF_TOKEN to a token of that account."
        case HubErrorCode.revisionNotFound:
            return "Check --revision."
        case HubErrorCode.entryNotFound:
            return "'xet list' shows the files of a repository."
        default:
            break
        }
        switch error.code {
        case .unauthorized, .forbidden: return "Check your Hub token (HF_TOKEN)."
        case .rateLimited: return error.retryAfter.map { "Try again in \($0) s." } ?? "Try again later."
        case .connectionFailed: return "Check the network and the Hub's address (--hub-endpoint, HF_ENDPOINT)."
        default: return nil
        }
    }
}
