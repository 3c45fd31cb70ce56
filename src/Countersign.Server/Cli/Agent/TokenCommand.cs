using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Server.Configuration;

namespace Countersign.Server.Cli.Agent;

/// <summary><c>countersign agent token</c>: makes a token and the forms of it that a configuration may hold.</summary>
internal static class TokenCommand
{
    private const int TokenBytes = 32;

    public static Command Create()
    {
        var command = new Command("token", "Make a token; give it to the agent, and its hash to the configuration.")
        {
            Output.Json,
        };
        command.Runs((parsed, _) =>
        {
            var token = "cs_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
            var made = JsonSerializer.SerializeToElement(new
            {
                token,
                sha256 = TokenSecret.HashPrefix + TokenSecret.HashOf(token),
                scram_sha_256 = TokenSecret.ScramVerifierOf(token),
            });
            Output.Write(parsed, made, ToText);
            return Task.FromResult(ExitCode.Succeeded);
        });
        return command;
    }

    private static string ToText(JsonElement made) => string.Join(
        '\n',
        "The agent gets, once:          " + made.GetProperty("token").GetString(),
        "The configuration gets one of: " + made.GetProperty("sha256").GetString(),
        "                               " + made.GetProperty("scram_sha_256").GetString());
}
