import HTTPTypes
import Instrumentation

/// Reads headers for whatever tracing system is installed.
struct HTTPFieldsExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}
