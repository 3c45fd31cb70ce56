using System.Text.Json.Nodes;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// The actions of a card. They carry the <see cref="CardReference"/> and nothing else; a client that is too old for
/// them gets the way to the console instead.
/// </summary>
internal static class TeamsActions
{
    public const string Approve = "approve";
    public const string Deny = "deny";
    public const string Modify = "modify";
    public const string Open = "open";
    public const string Link = "link";
    public const string Stop = "stop";
    public const string StopNow = "stop_now";
    public const string Refresh = "refresh";

    /// <summary>The member of an action's data that holds the reference.</summary>
    public const string Card = "card";

    /// <summary>The member that holds the seal of a comparison.</summary>
    public const string Seal = "seal";

    public static JsonObject ForApproving(CardReference card, Uri page) =>
        Styled(Execute(Approve, "Approve", card, page, takesInputs: true), "positive");

    public static JsonObject ForDenying(CardReference card, Uri page) =>
        Styled(Execute(Deny, "Deny", card, page, takesInputs: true), "destructive");

    /// <summary>Shows the form, or leads to the console where no form holds what is to be changed.</summary>
    public static JsonObject ForModifying(CardReference card, Uri page, bool holds) => holds
        ? Execute(Modify, "Modify…", card, page, takesInputs: false)
        : Leading(Modify, "Modify…", page);

    public static JsonObject ForComparing(CardReference card, Uri page) =>
        Execute(Modify, "Compare", card, page, takesInputs: true);

    /// <summary>Sends what was compared, and says with the seal what that was.</summary>
    public static JsonObject ForSending(CardReference card, Uri page, string seal)
    {
        var action = Styled(Execute(Modify, "Send", card, page, takesInputs: true), "positive");
        action["data"]![Seal] = seal;
        return action;
    }

    public static JsonObject ForStopping(CardReference card, Uri page) =>
        Execute(Stop, "Stop agent…", card, page, takesInputs: false);

    public static JsonObject ForStoppingNow(CardReference card, Uri page) =>
        Styled(Execute(StopNow, "Stop it now", card, page, takesInputs: true), "destructive");

    public static JsonObject ForLinking(CardReference? card, Uri page) =>
        Styled(Execute(Link, "Link this account", card, page, takesInputs: true), "positive");

    /// <summary>Shows the review as it is now, to whom it is shown.</summary>
    public static JsonObject ForGoingBack(CardReference card, Uri page) =>
        Execute(Refresh, "Back", card, page, takesInputs: false);

    public static JsonObject ForOpening(Uri page) => Leading(Open, "Open", page);

    /// <summary>
    /// Teams asks by itself for what each of these people is to see, in place of what everybody sees.
    /// </summary>
    public static JsonObject ForRefreshing(CardReference card, IEnumerable<string> users) => new()
    {
        ["action"] = new JsonObject
        {
            ["type"] = "Action.Execute",
            ["title"] = "Refresh",
            ["verb"] = Refresh,
            ["data"] = DataOf(card),
        },
        ["userIds"] = new JsonArray([.. users.Take(TeamsLimits.RefreshedUsers).Select(id => JsonValue.Create(id))]),
    };

    private static JsonObject Execute(string verb, string title, CardReference? card, Uri page, bool takesInputs)
    {
        var action = new JsonObject
        {
            ["type"] = "Action.Execute",
            ["id"] = verb,
            ["title"] = title,
            ["verb"] = verb,
            ["data"] = DataOf(card),
            ["fallback"] = new JsonObject
            {
                ["type"] = "Action.OpenUrl",
                ["title"] = $"{title.TrimEnd('…')} in the console",
                ["url"] = page.AbsoluteUri,
            },
        };
        if (!takesInputs)
        {
            // Otherwise an input that has to be filled in would stand in the way.
            action["associatedInputs"] = "None";
        }

        return action;
    }

    private static JsonObject Leading(string verb, string title, Uri page) => new()
    {
        ["type"] = "Action.OpenUrl",
        ["id"] = verb,
        ["title"] = title,
        // No client needs it; whoever reads cards finds every way by the same name.
        ["verb"] = verb,
        ["url"] = page.AbsoluteUri,
    };

    private static JsonObject DataOf(CardReference? card) =>
        card is { } shown ? new JsonObject { [Card] = shown.ToString() } : [];

    private static JsonObject Styled(JsonObject action, string style)
    {
        action["style"] = style;
        return action;
    }
}
