using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Channels.Slack;

/// <summary>
/// What Slack gets, kept as files that the end-to-end tests hold against Slack's own types. After a wanted change, run
/// the tests once with <c>COUNTERSIGN_GOLDEN=write</c> and read the difference.
/// </summary>
internal static partial class SlackGolden
{
    private static readonly JsonSerializerOptions s_readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Compares a message, a view, an answer to one person or one to a form, and checks its lengths.</summary>
    public static void Compare(string name, JsonObject json)
    {
        Assert.Empty(SlackLengths.Find(json["view"]?.AsObject() ?? json));
        // Ids and ports are another each time.
        var fixedId = Id().Replace(json.ToJsonString(s_readable), "act_id");
        var actual = Port().Replace(fixedId, "countersign.example") + "\n";
        var path = RepositoryRoot.Combine($"tests/Countersign.Tests/Channels/Slack/Golden/{name}.json");
        if (Environment.GetEnvironmentVariable("COUNTERSIGN_GOLDEN") == "write")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    [GeneratedRegex("act_([0-9a-z]{26}|1(?![0-9]))")]
    private static partial Regex Id();

    [GeneratedRegex(@"127\.0\.0\.1:[0-9]+")]
    private static partial Regex Port();
}
