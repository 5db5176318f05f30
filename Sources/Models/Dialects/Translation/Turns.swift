import OstiaryCore

/// Rearranging a conversation's messages.
enum Turns {
    /// Neighbours of one role as one message, where that is the assistant or the user.
    static func merged(_ turns: [Exchange.Turn]) -> [Exchange.Turn] {
        var merged: [Exchange.Turn] = []
        for turn in turns {
            if let last = merged.indices.last, merged[last].role == turn.role,
                turn.role == .assistant || turn.role == .user
            {
                merged[last].parts += turn.parts
                merged[last].extras += turn.extras
                merged[last].isPlain = false
                merged[last].raw = nil
            } else {
                merged.append(turn)
            }
        }
        return merged
    }

    /// Where the loop of tools under way begins: behind the last message in which the user said something.
    static func startOfToolLoop(_ turns: [Exchange.Turn]) -> Int {
        let last = turns.lastIndex { turn in
            turn.role == .user && turn.parts.contains { !$0.isResult }
        }
        return last.map { $0 + 1 } ?? 0
    }
}

extension Turns {
    /// User and assistant in turn: results of tools count as the user's, neighbours of one role become one.
    /// - Parameter withSystem: whether instructions may stand between them; otherwise they become marked text of the
    ///   user (R1).
    static func alternating(_ turns: [Exchange.Turn], withSystem: Bool) -> [Exchange.Turn] {
        var out: [Exchange.Turn] = []
        for turn in turns {
            var turn = turn
            turn.raw = nil
            if turn.role == .tool { turn.role = .user }
            if turn.role == .developer { turn.role = .system }
            if turn.role == .system, !withSystem {
                let text = JSONText(joining: turn.parts.compactMap(\.text), by: "\n\n")
                let marked = JSONText(joining: [JSONText("<system>"), text, JSONText("</system>")])
                turn = Exchange.Turn(.user, [Exchange.Part(.text(marked))])
            }
            if let last = out.indices.last, out[last].role == turn.role, turn.role != .system {
                out[last].parts += turn.parts
                out[last].extras += turn.extras
            } else {
                out.append(turn)
            }
        }
        return out
    }
}

/// Ids of calls that fit Anthropic's pattern. Both ends of a call have to get the same, in every request anew.
enum CallNames {
    static func fitting(_ id: JSONText) -> JSONText {
        let bytes = id.bytes
        return ToolNames.fits(bytes) ? id : JSONText(ToolNames.shortened(bytes))
    }
}
