import Foundation
import OstiaryTesting

extension RawMessage {
    /// `error.code` of a refusal.
    var code: String? {
        struct Refusal: Decodable {
            struct Inner: Decodable {
                let message: String
                let type: String
                let code: String?
            }
            let error: Inner
        }
        return (try? JSONDecoder().decode(Refusal.self, from: Data(body)))?.error.code
    }
}
