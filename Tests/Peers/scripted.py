"""A provider that speaks Chat Completions, Responses and Messages, whichever it is asked by, and plays the scenes of the
compatibility table. The model's name says which: `KIND-SCENE.anything`; `KIND-once-SCENE.anything` plays it for the first
request of that name and answers those that follow."""

import asyncio
import json
import re

from upstream import Upstream

TEXT = "Hello from the provider"
UTF8 = "grüße 🦉 gate 東京"
HUGE = "x" * 300_000
THOUGHT = "Let me see."
CALLS = [("call_1", "weather", {"city": "Rome"}), ("call_2", "weather", {"city": "Oslo"})]
USAGE = (12, 5)


class Scripted(Upstream):
    async def answer(self, request, reader, writer):
        path = request.target.split("?")[0]
        if request.method == "GET":
            return self.whole(writer, {"object": "list", "data": [{"id": "m", "object": "model", "created": 1}]})
        asked = request.json
        model = str(asked.get("model", ""))
        scene = model.split(".")[0].split("-", 1)[-1]
        if scene.startswith("once-"):
            scene = "text" if model in self.busy else scene.removeprefix("once-")
            self.busy.add(model)
        # Whoever leaves while the answer is made is noted.
        watch = asyncio.ensure_future(self.watch(request, reader))
        play = asyncio.ensure_future(self.play_scene(request, writer, path, scene, asked))
        try:
            await asyncio.wait({play, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                play.cancel()
                return False
            return play.result()
        finally:
            watch.cancel()

    async def play_scene(self, request, writer, path, scene, asked):
        dialect = "messages" if path.endswith("/messages") else "responses" if path.endswith("/responses") else "chat"
        fault = getattr(self, "fault_" + scene.replace("-", "_"), None)
        if fault:
            return await fault(writer, dialect, asked)
        parts, stop = self.scene(scene, request)
        if not asked.get("stream"):
            whole = globals()[f"{dialect}_whole"](asked, parts, stop)
            if scene != "cut":
                return self.whole(writer, whole)
            body = json.dumps(whole).encode()
            self.head(writer, 200, [("Content-Type", "application/json"), ("Content-Length", len(body))])
            writer.write(body[:len(body) // 2])
            await writer.drain()
            return False
        self.stream_head(writer)
        frames = globals()[f"{dialect}_frames"](asked, parts, stop)
        if scene in ("silent", "endless", "inside"):
            return await self.never_ends(request, writer, scene, frames)
        for index, frame in enumerate(frames):
            if scene == "cut" and index >= len(frames) // 2:
                await writer.drain()
                await asyncio.sleep(0.05)
                return False
            if scene == "utf8":
                # Cut inside of characters.
                for start in range(0, len(frame), 7):
                    self.chunk(writer, frame[start:start + 7])
                    await writer.drain()
            else:
                self.chunk(writer, frame)
            await writer.drain()
            if scene == "slow":
                await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def never_ends(self, request, writer, scene, frames):
        """Begins a stream of text and goes on until the other side leaves: silent behind the head, with events without
        end, or silent in the middle of one."""
        middle = len(frames) // 2 - 1  # an event with text, in every dialect
        if scene != "silent":
            for frame in frames[:middle]:
                self.chunk(writer, frame)
        if scene == "inside":
            self.chunk(writer, frames[middle] + frames[middle][:-9])
        await writer.drain()
        while True:
            if scene == "endless":
                self.chunk(writer, frames[middle])
                request.sent_events += 1
                await writer.drain()
            await asyncio.sleep(0.005)

    @staticmethod
    def scene(name, request):
        """Parts as (kind, value), and why it ends."""
        if name == "round":
            # A call of the client's own tool, then an answer that has what the tool said.
            path = re.search(rb"READ:([^\s\"\\\\]+)", request.body)
            said = re.search(rb"found-[a-z0-9]+", request.body)
            if path and not said:
                return [("call", ("call_read", "Read", {"file_path": path[1].decode()}))], "tools"
            return [("text", f"It says {said[0].decode()}" if said else "no path")], "end"
        if name == "utf8":
            return [("text", UTF8)], "end"
        if name == "huge":
            return [("text", HUGE)], "end"
        if name == "thinking":
            return [("thinking", THOUGHT), ("text", TEXT)], "end"
        if name == "parallel":
            return [("call", call) for call in CALLS], "tools"
        if name == "refusal":
            return [("text", "I will not.")], "refusal"
        return [("text", TEXT)], "end"

    # -- what goes wrong before an answer begins

    async def fault_limited(self, writer, dialect, _):
        return self.whole(writer, error(dialect, "rate_limit_error", "slow down"), 429, [("Retry-After", "7")])

    async def fault_limited_bare(self, writer, dialect, _):
        return self.whole(writer, error(dialect, "rate_limit_error", "slow down"), 429)

    async def fault_fail(self, writer, dialect, _):
        return self.whole(writer, error(dialect, "api_error", "scripted failure"), 500)

    async def fault_overloaded(self, writer, dialect, _):
        return self.whole(writer, error(dialect, "overloaded_error", "Overloaded"), 529)

    async def fault_page(self, writer, *_):
        page = b"<html><h1>Bad Gateway</h1></html>"
        self.head(writer, 502, [("Content-Type", "text/html"), ("Content-Length", len(page))])
        writer.write(page)
        return True

    async def fault_malformed(self, writer, dialect, asked):
        if not asked.get("stream"):
            return self.whole(writer, b'{"id": "x", "choices": [')
        self.stream_head(writer)
        self.chunk(writer, b'event: content_block_delta\ndata: {"type": "content_blo\n\n')
        writer.write(b"0\r\n\r\n")
        return True

    async def fault_close(self, *_):
        return False

    async def fault_garbage(self, writer, *_):
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        return False

    async def fault_hang(self, *_):
        await asyncio.sleep(3600)

    async def fault_refused_key(self, writer, dialect, _):
        return self.whole(writer, error(dialect, "authentication_error", "no such key"), 401)


def error(dialect, kind, message):
    if dialect == "messages":
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_upstream"}
    return {"error": {"message": message, "type": kind, "code": None, "param": None}}


def pieces(text):
    step = len(text) if len(text) > 1000 else max(1, len(text) // 4)
    return [text[start:start + step] for start in range(0, len(text), step)]


def frame(document, name=None):
    text = f"event: {name}\n" if name else ""
    return (text + f"data: {json.dumps(document, ensure_ascii=False)}\n\n").encode()


# ---- Chat Completions ------------------------------------------------------------------------------------------------

FINISH = {"end": "stop", "tools": "tool_calls", "refusal": "content_filter"}
CHAT_USAGE = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}


def chat_call(call, index=None):
    document = {"id": call[0], "type": "function", "function": {"name": call[1], "arguments": json.dumps(call[2])}}
    return {"index": index, **document} if index is not None else document


def chat_whole(asked, parts, stop):
    message = {"role": "assistant", "content": "".join(value for kind, value in parts if kind == "text") or None}
    calls = [chat_call(value) for kind, value in parts if kind == "call"]
    thoughts = "".join(value for kind, value in parts if kind == "thinking")
    if calls:
        message["tool_calls"] = calls
    if thoughts:
        message["reasoning_content"] = thoughts
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": asked["model"], "usage": CHAT_USAGE,
            "choices": [{"index": 0, "message": message, "finish_reason": FINISH[stop], "logprobs": None}]}


def chat_frames(asked, parts, stop):
    def chunk(delta, finish=None, **more):
        return frame({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
                      "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})

    frames = [chunk({"role": "assistant", "content": ""})]
    number = 0
    for kind, value in parts:
        if kind == "text":
            frames += [chunk({"content": piece}) for piece in pieces(value)]
        elif kind == "thinking":
            frames += [chunk({"reasoning_content": piece}) for piece in pieces(value)]
        else:
            begin = chat_call(value, number)
            begin["function"]["arguments"] = ""
            frames.append(chunk({"tool_calls": [begin]}))
            frames += [chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
                       for piece in pieces(json.dumps(value[2]))]
            number += 1
    frames.append(chunk({}, FINISH[stop]))
    if (asked.get("stream_options") or {}).get("include_usage"):
        frames.append(frame({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                             "model": asked["model"], "choices": [], "usage": CHAT_USAGE}))
    return frames + [b"data: [DONE]\n\n"]


# ---- Messages --------------------------------------------------------------------------------------------------------

STOP = {"end": "end_turn", "tools": "tool_use", "refusal": "refusal"}


def block(kind, value):
    if kind == "text":
        return {"type": "text", "text": value}
    if kind == "thinking":
        return {"type": "thinking", "thinking": value, "signature": "c2lnbmF0dXJl"}
    return {"type": "tool_use", "id": value[0], "name": value[1], "input": value[2]}


def messages_whole(asked, parts, stop):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"],
            "content": [block(*part) for part in parts], "stop_reason": STOP[stop], "stop_sequence": None,
            "usage": {"input_tokens": USAGE[0], "output_tokens": USAGE[1]}}


def messages_frames(asked, parts, stop):
    def event(name, **members):
        return frame({"type": name, **members}, name)

    begin = {**messages_whole(asked, [], stop), "stop_reason": None}
    begin["usage"] = {"input_tokens": USAGE[0], "output_tokens": 1}
    frames = [event("message_start", message=begin)]
    for index, (kind, value) in enumerate(parts):
        empty = {"text": ("text", ""), "thinking": ("thinking", ""), "call": ("call", (*(value[:2] if kind == "call" else ("", "")), {}))}[kind]
        start = block(*empty)
        if kind == "thinking":
            start["signature"] = ""
        frames.append(event("content_block_start", index=index, content_block=start))
        name, member = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking"),
                        "call": ("input_json_delta", "partial_json")}[kind]
        text = json.dumps(value[2]) if kind == "call" else value
        frames += [event("content_block_delta", index=index, delta={"type": name, member: piece}) for piece in pieces(text)]
        if kind == "thinking":
            delta = {"type": "signature_delta", "signature": "c2lnbmF0dXJl"}
            frames.append(event("content_block_delta", index=index, delta=delta))
        frames.append(event("content_block_stop", index=index))
    frames.append(event("message_delta", delta={"stop_reason": STOP[stop], "stop_sequence": None},
                        usage={"output_tokens": USAGE[1]}))
    return frames + [event("message_stop")]


# ---- Responses -------------------------------------------------------------------------------------------------------


def responses_items(parts):
    items = []
    for number, (kind, value) in enumerate(parts):
        if kind == "text":
            items.append({"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "completed",
                          "content": [{"type": "output_text", "text": value, "annotations": []}]})
        elif kind == "thinking":
            items.append({"id": f"rs_{number}", "type": "reasoning", "summary": [{"type": "summary_text", "text": value}]})
        else:
            items.append({"id": f"fc_{number}", "type": "function_call", "status": "completed", "call_id": value[0],
                          "name": value[1], "arguments": json.dumps(value[2])})
    return items


def responses_whole(asked, parts, stop, status=None):
    status = status or ("incomplete" if stop == "refusal" else "completed")
    done = status != "in_progress"
    usage = {"input_tokens": USAGE[0], "output_tokens": USAGE[1], "total_tokens": sum(USAGE),
             "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": asked["model"],
            "output": responses_items(parts) if done else [], "parallel_tool_calls": True, "tool_choice": "auto",
            "tools": [], "error": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
            "incomplete_details": {"reason": "content_filter"} if status == "incomplete" else None,
            "usage": usage if done else None}


def responses_frames(asked, parts, stop):
    events = [{"type": "response.created", "response": responses_whole(asked, [], stop, "in_progress")},
              {"type": "response.in_progress", "response": responses_whole(asked, [], stop, "in_progress")}]
    for index, (item, (kind, value)) in enumerate(zip(responses_items(parts), parts)):
        place = {"item_id": item["id"], "output_index": index}
        empty = {**item}
        for member in ("content", "summary", "arguments"):
            if member in empty:
                empty[member] = "" if member == "arguments" else []
        events.append({"type": "response.output_item.added", "output_index": index, "item": empty})
        if kind == "text":
            part = {**place, "content_index": 0}
            nothing = {"type": "output_text", "text": "", "annotations": []}
            events.append({"type": "response.content_part.added", **part, "part": nothing})
            events += [{"type": "response.output_text.delta", **part, "delta": piece, "logprobs": []} for piece in pieces(value)]
            events.append({"type": "response.output_text.done", **part, "text": value, "logprobs": []})
            events.append({"type": "response.content_part.done", **part, "part": {**nothing, "text": value}})
        elif kind == "thinking":
            part = {**place, "summary_index": 0}
            nothing = {"type": "summary_text", "text": ""}
            events.append({"type": "response.reasoning_summary_part.added", **part, "part": nothing})
            events += [{"type": "response.reasoning_summary_text.delta", **part, "delta": piece} for piece in pieces(value)]
            events.append({"type": "response.reasoning_summary_text.done", **part, "text": value})
            events.append({"type": "response.reasoning_summary_part.done", **part, "part": {**nothing, "text": value}})
        else:
            text = json.dumps(value[2])
            events += [{"type": "response.function_call_arguments.delta", **place, "delta": piece} for piece in pieces(text)]
            events.append({"type": "response.function_call_arguments.done", **place, "name": value[1], "arguments": text})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    whole = responses_whole(asked, parts, stop)
    events.append({"type": f"response.{whole['status']}", "response": whole})
    return [frame({**event, "sequence_number": number}, event["type"]) for number, event in enumerate(events)]
