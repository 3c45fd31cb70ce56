using Countersign.Server.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Hosting;

/// <summary>Whatever a message or an exception holds, no secret leaves by the log.</summary>
[Trait("Threat", "THR-097"), Trait("CWE", "532")]
public sealed class MaskedLogTests
{
    private const string Canary = "q7Zp2LxV9rTkW4mNs8Yd";

    private readonly MaskedLogFormatter _formatter = new();

    [Theory]
    [InlineData($"connecting with postgresql://admin:{Canary}@db.internal/orders")]
    [InlineData($"Host=db;Username=admin;Password={Canary};Database=orders")]
    [InlineData($"Authorization: Bearer {Canary}")]
    [InlineData($"{{\"api_key\":\"{Canary}\"}}")]
    [InlineData("pushed with ghp_16C7e42F292c6912E7710c838347Ae178B4a")]
    [InlineData("xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx")]
    public void A_secret_is_masked_in_messages_and_in_exceptions(string text)
    {
        string[] secrets = [Canary, "16C7e42F292c6912E7710c838347Ae178B4a", "AbCdEfGhIjKlMnOpQrStUvWx"];
        var inner = new InvalidOperationException(text);

        foreach (var line in (string[])[Write(text), Write("It failed.", new IOException("Outside.", inner))])
        {
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, line, StringComparison.Ordinal));
            Assert.Contains('[', line["info: Gate[7]".Length..]);
        }
    }

    [Fact]
    public void A_message_without_any_is_written_like_the_simple_format()
    {
        var expected = $"info: Gate[7]{Environment.NewLine}      Listening on a;{Environment.NewLine}      b"
            + Environment.NewLine;

        Assert.Equal(expected, Write("Listening on a;\nb"));
    }

    [Fact]
    public void A_message_is_cut_behind_its_masks_and_says_so()
    {
        var text = new string('x', MaskedLogFormatter.MaxLength - 10) + $" Password={Canary} "
            + new string('y', 200_000);

        var line = Write(text);

        Assert.InRange(line.Length, MaskedLogFormatter.MaxLength, MaskedLogFormatter.MaxLength + 100);
        Assert.DoesNotContain(Canary[..6], line, StringComparison.Ordinal);
        Assert.Contains($"(cut: {text.Length} characters)", line, StringComparison.Ordinal);
    }

    private string Write(string message, Exception? exception = null)
    {
        using var writer = new StringWriter();
        _formatter.Write(
            new LogEntry<string>(LogLevel.Information, "Gate", new EventId(7), message, exception, (text, _) => text),
            scopeProvider: null,
            writer);
        return writer.ToString();
    }
}
