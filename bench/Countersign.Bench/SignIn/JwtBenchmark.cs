using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity.Tokens;

namespace Countersign.Bench.SignIn;

/// <summary>
/// One token of an issuer, as each request of an agent brings it: parsed, its key found, its signature and claims
/// checked. Nothing of it is remembered from one request to the next. Beside it the signature alone.
/// </summary>
internal static class JwtBenchmark
{
    private const int Rounds = 2_000;
    private const int BudgetMicroseconds = 100;

    public static Task<IReadOnlyList<Row>> RunAsync(Bench bench)
    {
        _ = bench;
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (rsaKey, curveKey) = (rsa.ExportParameters(false), curve.ExportParameters(false));
        var keys = TokenKeySet.Parse(Encoding.UTF8.GetBytes(
            $$"""
            {"keys":[
            {"kty":"RSA","kid":"r","n":"{{Text(rsaKey.Modulus!)}}","e":"{{Text(rsaKey.Exponent!)}}"},
            {"kty":"EC","crv":"P-256","kid":"e","x":"{{Text(curveKey.Q.X!)}}","y":"{{Text(curveKey.Q.Y!)}}"}]}
            """));
        IReadOnlyList<Row> rows =
        [
            RowOf(
                "RS256",
                TokenOf("RS256", "r", bytes => rsa.SignData(
                    bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
                keys,
                (signed, signature) => rsa.VerifyData(
                    signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            RowOf(
                "ES256",
                TokenOf("ES256", "e", bytes => curve.SignData(bytes, HashAlgorithmName.SHA256)),
                keys,
                (signed, signature) => curve.VerifyData(signed, signature, HashAlgorithmName.SHA256)),
        ];
        return Task.FromResult(rows);
    }

    private static Row RowOf(string algorithm, string token, TokenKeySet keys, Func<byte[], byte[], bool> verify)
    {
        var rules = new TokenRules("https://id.example.com", "https://countersign.example.com");
        var now = TimeProvider.System.GetUtcNow();
        var parts = token.Split('.');
        var (signed, signature) = (
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        var whole = MedianOf(() => JsonWebToken.TryParse(token, out var parsed)
            && parsed.Verify(keys, rules, now) is TokenCheck.Passed);
        var alone = MedianOf(() => verify(signed, signature));
        return new Row(
            $"jwt, one token with {algorithm}, p50", $"{whole:0.0} µs", $"its signature alone {alone:0.0} µs",
            Samples.Times(whole / alone), $"≤ {BudgetMicroseconds} µs", whole <= BudgetMicroseconds);
    }

    private static double MedianOf(Func<bool> check)
    {
        var times = new double[Rounds];
        for (var i = -Rounds; i < Rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            if (!check())
            {
                throw new InvalidOperationException("The token of the benchmark is refused.");
            }

            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(times);
        return times[Rounds / 2];
    }

    private static string TokenOf(string algorithm, string key, Func<byte[], byte[]> sign)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var header = $$"""{"alg":"{{algorithm}}","typ":"JWT","kid":"{{key}}"}""";
        var claims = $$$"""
            {"iss":"https://id.example.com","aud":"https://countersign.example.com","sub":"repo:acme/shop",
            "iat":{{{now}}},"exp":{{{now + 600}}},"act":{"sub":"deploy-bot"}}
            """;
        var signed = $"{Text(Encoding.UTF8.GetBytes(header))}.{Text(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Text(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
