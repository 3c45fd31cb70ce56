using System.Text.Json.Nodes;
using Countersign.Core;

namespace Countersign.Server.Channels.Slack;

/// <summary>The two modals: a denial with its comment, and the code that links an account.</summary>
internal static class SlackModal
{
    public const string DenyCallback = "deny_v1";
    public const string LinkCallback = "link_v1";
    public const string CommentBlock = "comment";
    public const string CodeBlock = "code";

    public static JsonObject ForDenying(string value) => Modal(
        DenyCallback,
        "Deny",
        "Deny",
        value,
        Input(
            CommentBlock,
            "Why? What should the agent do instead?",
            new JsonObject
            {
                ["type"] = "plain_text_input",
                ["action_id"] = CommentBlock,
                ["multiline"] = true,
                ["max_length"] = Math.Min(SlackLimits.InputText, ReviewDesk.MaxComment),
            },
            isOptional: true,
            hint: "The agent reads it. It may stay empty."));

    public static JsonObject ForLinking() => Modal(
        LinkCallback,
        "Link this account",
        "Link",
        note: "",
        Input(
            CodeBlock,
            "The code from the console's page 'Accounts'",
            new JsonObject
            {
                ["type"] = "plain_text_input",
                ["action_id"] = CodeBlock,
                ["max_length"] = 40,
            },
            isOptional: false,
            hint: "Only a code that you made yourself. Whoever uses your code acts as you."));

    private static JsonObject Modal(
        string callback, string title, string submit, string note, JsonObject input) => new()
    {
        ["type"] = "modal",
        ["callback_id"] = callback,
        ["private_metadata"] = note,
        ["title"] = SlackText.Plain(title, 24),
        ["submit"] = SlackText.Plain(submit, 24),
        ["close"] = SlackText.Plain("Cancel", 24),
        ["blocks"] = new JsonArray(input),
    };

    private static JsonObject Input(
        string block, string label, JsonObject element, bool isOptional, string hint) => new()
    {
        ["type"] = "input",
        ["block_id"] = block,
        ["label"] = SlackText.Plain(label, SlackLimits.FieldText),
        ["hint"] = SlackText.Plain(hint, SlackLimits.FieldText),
        ["optional"] = isOptional,
        ["element"] = element,
    };
}
