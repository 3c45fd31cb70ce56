using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// The modals: a denial with its comment, changed arguments, a stop with its reason, the code that links an account.
/// </summary>
internal static class SlackModal
{
    public const string DenyCallback = "deny_v1";
    public const string LinkCallback = "link_v1";
    public const string ModifyCallback = "modify_v1";
    public const string StopCallback = "stop_v1";
    public const string StatementBlock = "statement";
    public const string JsonBlock = "json";
    public const string CommentBlock = "comment";
    public const string CodeBlock = "code";

    public static JsonObject ForDenying(string value) => Modal(
        DenyCallback,
        "Deny",
        "Deny",
        value,
        Commented("Why? What should the agent do instead?", "The agent reads it. It may stay empty."));

    /// <summary>Whether what may be changed of an action fits into the modal.</summary>
    public static bool Holds(ActionRecord record) =>
        RevisionComposer.EditableOf(record) is var editable
        && (editable.Statement?.Length ?? 0) <= SlackLimits.InputText
        && editable.Json.Length <= SlackLimits.InputText;

    /// <param name="value">What the button said.</param>
    /// <param name="editable">What may be changed.</param>
    /// <param name="page">The console's page of the action, which compares before and after line by line.</param>
    /// <param name="compared">
    /// What was typed, compared with what is asked; <c>null</c> before anything was. It is sent only as it was
    /// compared.
    /// </param>
    public static JsonObject ForModifying(
        string value, ReviseView editable, Uri page, Comparison? compared = null)
    {
        var inputs = new List<JsonObject>();
        if (compared is not null)
        {
            inputs.Add(Said("This is what you change (- before, + after). Nothing is recorded before you send it."));
            inputs.AddRange(compared.Pieces.Select(Quoted));
        }

        if (editable.Warning is { } warning)
        {
            inputs.Add(Said(warning));
        }

        if (editable.Statement is { } statement)
        {
            inputs.Add(Edited(StatementBlock, "Statement", statement));
        }

        inputs.Add(Edited(JsonBlock, editable.Statement is null ? "Arguments, as JSON" : "Parameters", editable.Json));
        inputs.Add(Commented(
            "Why?", "The agent is told what you changed and why. Somebody else has to approve it.", editable.Comment));
        inputs.Add(new JsonObject
        {
            ["type"] = "actions",
            ["elements"] = new JsonArray(SlackButtons.ForOpening(page)),
        });
        return compared is null
            ? Modal(ModifyCallback, "Change it", "Compare", value, [.. inputs])
            : Modal(ModifyCallback, "Change it", "Send", $"{value}\n{compared.Seal}", [.. inputs]);
    }

    public static JsonObject ForStopping(string value, AgentId agent) => Modal(
        StopCallback,
        "Stop the agent",
        "Stop it now",
        value,
        Said($"{agent} is stopped at once: what it has open is withdrawn, and its calls are refused."),
        Commented("Why?", "The agent and its owner are told. It may stay empty."));

    /// <summary>What became of something that was sent.</summary>
    public static JsonObject ForTelling(string title, string text) => new()
    {
        ["type"] = "modal",
        ["title"] = SlackText.Plain(title, 24),
        ["close"] = SlackText.Plain("Close", 24),
        ["blocks"] = new JsonArray(Said(text)),
    };

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
        string callback, string title, string submit, string note, params JsonObject[] blocks) => new()
    {
        ["type"] = "modal",
        ["callback_id"] = callback,
        ["private_metadata"] = note,
        ["title"] = SlackText.Plain(title, 24),
        ["submit"] = SlackText.Plain(submit, 24),
        ["close"] = SlackText.Plain("Cancel", 24),
        ["blocks"] = new JsonArray([.. blocks]),
    };

    private static JsonObject Said(string text) => new()
    {
        ["type"] = "section",
        ["text"] = SlackText.Plain(text, SlackLimits.SectionText),
    };

    private static JsonObject Quoted(string lines) => new()
    {
        ["type"] = "section",
        ["text"] = SlackText.Fenced(lines, SlackLimits.SectionText),
        ["expand"] = true,
    };

    private static JsonObject Commented(string label, string hint, string? written = null)
    {
        var element = new JsonObject
        {
            ["type"] = "plain_text_input",
            ["action_id"] = CommentBlock,
            ["multiline"] = true,
            ["max_length"] = Math.Min(SlackLimits.InputText, ReviewDesk.MaxComment),
        };
        if (!string.IsNullOrEmpty(written))
        {
            element["initial_value"] = written;
        }

        return Input(CommentBlock, label, element, isOptional: true, hint);
    }

    private static JsonObject Edited(string block, string label, string text) => Input(
        block,
        label,
        new JsonObject
        {
            ["type"] = "plain_text_input",
            ["action_id"] = block,
            ["multiline"] = true,
            ["max_length"] = SlackLimits.InputText,
            ["initial_value"] = text,
        },
        isOptional: false,
        hint: "As it is to run, whole.");

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
