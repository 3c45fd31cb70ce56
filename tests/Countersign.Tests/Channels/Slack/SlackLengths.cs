using System.Text.Json.Nodes;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// The documented limits of Block Kit that types do not know; a finding for each breach. Nothing of the product is used
/// here, so that a wrong number there cannot hide behind itself.
/// </summary>
internal static class SlackLengths
{
    public static IEnumerable<string> Find(JsonObject messageOrView)
    {
        var isView = messageOrView["type"]?.GetValue<string>() == "modal";
        var blocks = messageOrView["blocks"]?.AsArray() ?? [];
        var own = isView ? OfView(messageOrView) : OfText(messageOrView["text"], "text", 40_000);
        return own
            .Concat(Limit(blocks.Count, isView ? 100 : 50, "blocks"))
            .Concat(blocks.SelectMany(block => OfBlock(block!.AsObject())));
    }

    private static IEnumerable<string> OfView(JsonObject view) =>
    [
        .. OfText(view["title"]?["text"], "title", 24),
        .. OfText(view["submit"]?["text"], "submit", 24),
        .. OfText(view["close"]?["text"], "close", 24),
        .. OfText(view["callback_id"], "callback_id", 255),
        .. Limit(view["private_metadata"]?.GetValue<string>().Length ?? 0, 3000, "private_metadata"),
        .. Limit(view.ToJsonString().Length, 250_000, "view"),
    ];

    private static IEnumerable<string> OfBlock(JsonObject block)
    {
        var id = Limit(block["block_id"]?.GetValue<string>().Length ?? 0, 255, "block_id");
        return id.Concat(block["type"]!.GetValue<string>() switch
        {
            "header" => OfText(block["text"]!["text"], "header", 150),
            "section" => OfSection(block),
            "context" => Limit(block["elements"]!.AsArray().Count, 10, "context elements")
                .Concat(block["elements"]!.AsArray().SelectMany(each => OfText(each!["text"], "context", 2000))),
            "actions" => Limit(block["elements"]!.AsArray().Count, 25, "actions")
                .Concat(block["elements"]!.AsArray().SelectMany(each => OfButton(each!.AsObject()))),
            "input" =>
            [
                .. OfText(block["label"]!["text"], "label", 2000),
                .. OfText(block["hint"]?["text"], "hint", 2000),
                .. Limit(block["element"]!["max_length"]?.GetValue<int>() ?? 0, 3000, "max_length"),
            ],
            var other => [$"no block of type {other} is expected"],
        });
    }

    private static IEnumerable<string> OfSection(JsonObject section)
    {
        var fields = section["fields"]?.AsArray();
        if (section["text"] is null && fields is null)
        {
            return ["a section needs text or fields"];
        }

        return
        [
            .. section["text"] is { } text ? OfText(text["text"], "section", 3000) : [],
            .. Limit(fields?.Count ?? 0, 10, "fields"),
            .. (fields ?? []).SelectMany(field => OfText(field!["text"], "field", 2000)),
        ];
    }

    private static IEnumerable<string> OfButton(JsonObject button)
    {
        var confirm = button["confirm"];
        return
        [
            .. OfText(button["text"]!["text"], "button", 75),
            .. OfText(button["action_id"], "action_id", 255),
            .. Limit(button["value"]?.GetValue<string>().Length ?? 0, 2000, "value"),
            .. Limit(button["url"]?.GetValue<string>().Length ?? 0, 3000, "url"),
            .. confirm is null ? [] : OfText(confirm["title"]!["text"], "confirm title", 100),
            .. confirm is null ? [] : OfText(confirm["text"]!["text"], "confirm text", 300),
            .. confirm is null ? [] : OfText(confirm["confirm"]!["text"], "confirm button", 30),
        ];
    }

    private static IEnumerable<string> OfText(JsonNode? text, string what, int most)
    {
        var length = text?.GetValue<string>().Length ?? 1;
        return length == 0 ? [$"{what} is empty"] : Limit(length, most, what);
    }

    private static IEnumerable<string> Limit(int length, int most, string what) =>
        length > most ? [$"{what} is {length}, and {most} is the limit"] : [];
}
