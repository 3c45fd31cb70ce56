using System.Text.Json.Nodes;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>The buttons of a card. Their value is the <see cref="CardReference"/>.</summary>
internal static class SlackButtons
{
    public const string Approve = "approve";
    public const string Deny = "deny";
    public const string Modify = "modify";
    public const string Open = "open";
    public const string Link = "link";
    public const string Stop = "stop";

    public static JsonObject ForApproving(ActionRecord record)
    {
        var button = Pressed(Approve, "Approve", ValueOf(record), "primary");
        if (Gravity.Of(record) is { } gravity)
        {
            button["confirm"] = Confirm(gravity.Question, Words.Headline(Card.Of(record).Headline), "Approve");
        }

        return button;
    }

    /// <summary>Stops the agent that asks; who may is found out when it is pressed.</summary>
    public static JsonObject ForStopping(ActionRecord record)
    {
        var button = Pressed(Stop, "Stop agent…", ValueOf(record), style: null);
        button["confirm"] = Confirm(
            "Stop this agent?",
            Shortening.Of(
                $"{record.Asker.Agent}: what it has open is withdrawn, its sessions are cut and its calls refused, " +
                "at once. To let it go on takes two persons.",
                SlackLimits.ConfirmText),
            "Stop it…");
        return button;
    }

    public static JsonObject ForDenying(ActionRecord record) => Pressed(Deny, "Deny…", ValueOf(record), "danger");

    /// <summary>Opens the modal, or the console's page where a modal cannot hold what is to be changed.</summary>
    public static JsonObject ForModifying(ActionRecord record, Uri page) => SlackModal.Holds(record)
        ? Pressed(Modify, "Modify…", ValueOf(record), style: null)
        : Leading(Modify, "Modify…", page);

    public static JsonObject ForOpening(Uri page) => Leading(Open, "Open", page);

    public static JsonObject ForLinking() => Pressed(Link, "Link this account…", Link, style: null);

    private static string ValueOf(ActionRecord record) => CardReference.Of(record).ToString();

    private static JsonObject Confirm(string title, string text, string yes) => new()
    {
        ["title"] = SlackText.Plain(title, 100),
        ["text"] = SlackText.Plain(text, SlackLimits.ConfirmText),
        ["confirm"] = SlackText.Plain(yes, 30),
        ["deny"] = SlackText.Plain("Back", 30),
    };

    private static JsonObject Pressed(string verb, string text, string value, string? style)
    {
        var button = new JsonObject
        {
            ["type"] = "button",
            ["action_id"] = verb,
            ["text"] = SlackText.Plain(text, 75),
            ["value"] = value,
        };
        if (style is not null)
        {
            button["style"] = style;
        }

        return button;
    }

    private static JsonObject Leading(string verb, string text, Uri page) => new()
    {
        ["type"] = "button",
        ["action_id"] = verb,
        ["text"] = SlackText.Plain(text, 75),
        ["url"] = page.AbsoluteUri,
    };
}
