using System.Text.Json.Nodes;
using Countersign.Core.Reviews;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Text objects of Block Kit. Everything goes through <see cref="DisplayText"/> before, and has Slack's three special
/// characters escaped here, in plain text as well: no mention, link or entity can come from outside.
/// </summary>
internal static class SlackText
{
    private const string Fence = "```";

    /// <summary>Slack's own escape ("Formatting text for app surfaces").</summary>
    public static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal);

    /// <summary>Plain text in which nothing is markup, a colon word no emoji either.</summary>
    public static JsonObject Plain(string shown, int most) => new()
    {
        ["type"] = "plain_text",
        // Slack takes no empty text.
        ["text"] = shown.Length == 0 ? "–" : Fit(shown, most, Escape),
        ["emoji"] = false,
    };

    /// <summary>Monospace text that cannot end its own frame.</summary>
    public static JsonObject Fenced(string shown, int most) => new()
    {
        ["type"] = "mrkdwn",
        ["text"] = Fit(shown, most, Frame),
        // Without this, Slack makes links of what looks like one.
        ["verbatim"] = true,
    };

    /// <summary>Whether a text is shown in full within a limit.</summary>
    public static bool FitsPlain(string shown, int most) => shown.Length <= most && Escape(shown).Length <= most;

    /// <inheritdoc cref="FitsPlain"/>
    public static bool FitsFenced(string shown, int most) => shown.Length <= most && Frame(shown).Length <= most;

    /// <summary>Shortens to head and tail until the escaped text fits.</summary>
    public static string Fit(string shown, int most, Func<string, string> escape)
    {
        if (shown.Length <= most && escape(shown) is var whole && whole.Length <= most)
        {
            return whole;
        }

        for (var budget = most; budget > 0; budget -= Math.Max(1, budget / 8))
        {
            if (escape(Shortening.Of(shown, budget)) is var shortened && shortened.Length <= most)
            {
                return shortened;
            }
        }

        return "…";
    }

    private static string Frame(string shown) =>
        $"{Fence}\n{Escape(shown).Replace(Fence, @"\u{0060×3}", StringComparison.Ordinal)}\n{Fence}";
}
