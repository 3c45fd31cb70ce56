using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;

namespace Countersign.Tests.Actions;

public sealed class CanonicalActionTests
{
    private static readonly TargetName Ops = new("ops");

    [Fact]
    public void The_digest_is_sha256_over_the_label_and_the_canonical_document()
    {
        var action = CanonicalAction.Of(Ops, "export", Json("""{"b":1,"a":"x"}"""));
        var text = "countersign-action-v1\n" +
            """{"arguments":{"a":"x","b":1},"operation":"export","target":"ops"}""";

        var expected =
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));

        Assert.Equal("sha256:" + expected, action.Digest.Value);
    }

    [Fact]
    public void Two_spellings_of_one_request_are_one_action()
    {
        var one = CanonicalAction.Of(Ops, "export", Json("""{ "a": 1.0, "b": "\u0041" }"""));
        var other = CanonicalAction.Of(Ops, "export", Json("""{"b":"A","a":1}"""));

        Assert.Equal(one.Digest, other.Digest);
    }

    [Theory]
    [InlineData("ops2", "export", """{"a":1}""")]
    [InlineData("ops", "exports", """{"a":1}""")]
    [InlineData("ops", "export", """{"a":2}""")]
    [InlineData("ops", "export", """{"a":"1"}""")]
    public void Every_part_changes_the_digest(string target, string operation, string arguments)
    {
        var one = CanonicalAction.Of(Ops, "export", Json("""{"a":1}"""));

        Assert.NotEqual(one.Digest, CanonicalAction.Of(new TargetName(target), operation, Json(arguments)).Digest);
    }

    [Fact]
    public void Who_asks_and_which_key_decide_about_attaching_and_why_does_not()
    {
        var action = CanonicalAction.Of(Ops, "export", Json("{}"));
        var bot = new Asker(new AgentId("bot"), OnBehalfOf: null);
        var forCarol = bot with { OnBehalfOf = new PersonId("carol") };

        Assert.Equal(AttachKey.Of(bot, action, null), AttachKey.Of(bot, action, null));
        Assert.NotEqual(AttachKey.Of(bot, action, null), AttachKey.Of(forCarol, action, null));
        Assert.NotEqual(AttachKey.Of(bot, action, null), AttachKey.Of(bot, action, "k"));
        Assert.NotEqual(AttachKey.Of(bot, action, null), AttachKey.Of(bot, action, ""));
    }

    private static CanonicalJson Json(string text)
    {
        Assert.True(
            CanonicalJson.TryCanonicalize(Encoding.UTF8.GetBytes(text), JsonLimits.Default, out var json, out _));
        return json;
    }
}
