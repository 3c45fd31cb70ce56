using System.Buffers;
using System.Text;
using Countersign.Gates.Http;

namespace Countersign.Tests.Http;

/// <summary>A target that repeats a credential does not give it to the agent, however the answer is cut.</summary>
public sealed class SecretStreamTests
{
    private const string Secret = "s3cr3t/Token+0123==";

    [Theory]
    [InlineData("a s3cr3t/Token+0123== b", "a (secret) b")]
    [InlineData("s3cr3t/Token+0123==s3cr3t/Token+0123==", "(secret)(secret)")]
    [InlineData("s3cr3t%2FToken%2B0123%3D%3D", "(secret)")]
    [InlineData("\"s3cr3t\\/Token+0123==\"", "\"(secret)\"")]
    [InlineData("s3cr3t/Token\\u002B0123==", "(secret)")]
    [InlineData("czNjcjN0L1Rva2VuKzAxMjM9PQ==", "(secret)")]
    [InlineData("s3cr3t/Token+0123=", "s3cr3t/Token+0123=")]
    [InlineData("", "")]
    public void It_is_found_in_each_spelling_and_at_each_cut(string text, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal(expected, Through([Secret], bytes[..cut], bytes[cut..]));
        }

        Assert.Equal(expected, Through([Secret], [.. bytes.Select(each => new[] { each })]));
    }

    [Fact]
    public void However_it_is_cut_nothing_but_secrets_changes() => Gen.Fuzz(1_000, random =>
    {
        string[] pieces = [Secret, "s3cr3t", "/Token", "+0123==", "x", "another-secret-9", "another"];
        var text =
            string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => pieces[random.Next(pieces.Length)]));
        var bytes = Encoding.UTF8.GetBytes(text);
        var whole = Through([Secret, "another-secret-9"], bytes);
        var cuts = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(1, 9));
            cuts.Add(bytes[at..(at + length)]);
            at += length;
        }

        Assert.Equal(whole, Through([Secret, "another-secret-9"], [.. cuts]));
        Assert.DoesNotContain(Secret, whole, StringComparison.Ordinal);
        Assert.Equal(
            text.Replace(Secret, "(secret)", StringComparison.Ordinal)
                .Replace("another-secret-9", "(secret)", StringComparison.Ordinal),
            whole);
    });

    [Fact]
    public void Without_a_secret_everything_passes() => Assert.Equal("abc", Through([], "abc"u8.ToArray()));

    private static string Through(string[] secrets, params byte[][] pieces)
    {
        var output = new ArrayBufferWriter<byte>();
        var stream = new SecretStream(secrets, output);
        foreach (var piece in pieces)
        {
            stream.Write(piece);
        }

        stream.Complete();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
