using System.Text;
using Countersign.Server.Channels.Slack;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels.Slack;

public sealed class SlackSignatureTests
{
    /// <summary>The example of Slack's documentation ("Verifying requests from Slack").</summary>
    private const string Timestamp = "1531420618";

    private const string Published = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    private const string Body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow" +
        "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner" +
        "&command=%2Fwebhook-collect&text=" +
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(-300)]
    public void The_published_example_verifies_within_five_minutes_of_its_time(int away) =>
        Assert.True(At(away).Verifies(Timestamp, Published, Encoding.UTF8.GetBytes(Body)));

    [Theory]
    [InlineData(301)]
    [InlineData(-301)]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void It_verifies_neither_later_nor_earlier(int away) =>
        Assert.False(At(away).Verifies(Timestamp, Published, Encoding.UTF8.GetBytes(Body)));

    [Theory]
    [InlineData("1531420619", Published, Body)]
    [InlineData(Timestamp, Published, Body + "&")]
    [InlineData(Timestamp, "v0=", Body)]
    [InlineData(Timestamp, "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", Body)]
    [InlineData(Timestamp, "v0=A2114D57B48EAC39B9AD189DD8316235A7B4A8D21A10BD27519666489C69B503", Body)]
    [InlineData(Timestamp, "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", Body)]
    [InlineData(Timestamp, Published + " ", Body)]
    [InlineData(" 1531420618", Published, Body)]
    [InlineData("+1531420618", Published, Body)]
    [InlineData("1531420618.0", Published, Body)]
    [InlineData("999999999999999999999", Published, Body)]
    [InlineData("", Published, Body)]
    [InlineData(null, Published, Body)]
    [InlineData(Timestamp, null, Body)]
    public void Nothing_else_verifies(string? timestamp, string? signature, string body) =>
        Assert.False(At(0).Verifies(timestamp, signature, Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("8f742231b10e8888abcd99yyyzzz85a")]
    public void Without_the_secret_nothing_verifies(string? secret)
    {
        var signature = new SlackSignature(secret, Clock(0));
        var body = Encoding.UTF8.GetBytes(Body);

        Assert.False(signature.Verifies(Timestamp, Published, body));
        Assert.Equal(secret?.Length > 0, signature.Verifies(Timestamp, signature.Of(Timestamp, body), body));
    }

    private static SlackSignature At(int away) => new(SlackDouble.Secret, Clock(away));

    private static ManualTime Clock(int away) => new(DateTimeOffset.FromUnixTimeSeconds(1531420618 + away));
}
