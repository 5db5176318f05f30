import OstiaryCore

/// The members of OpenAI's APIs that say who asks and how urgently.
enum OpenAICaller {
    static func write(
        _ request: Exchange.Request,
        _ profile: DialectProfile,
        _ marks: CallerMarks?,
        to out: inout ByteWriter,
        _ losses: inout Losses
    ) {
        // Both of OpenAI's APIs have these, in the same words.
        guard request.origin == .messages else {
            if let user = request.user {
                out.name("user")
                out.json(user)
            }
            if let tier = request.serviceTier {
                out.name("service_tier")
                out.json(tier)
            }
            return
        }
        if let marks {
            if let user = request.user {
                out.name("user")
                out.json(marks.user(user.bytes))
            }
            if profile.takesCacheKey {
                out.name("prompt_cache_key")
                out.json(marks.session(SessionName.bytes(of: request.user)))
            }
        } else if request.user != nil {
            losses.hint("user")
        }
        if request.serviceTier?.equals("standard_only") ?? false {
            out.name("service_tier")
            out.json("default" as StaticString)
        }
    }
}
