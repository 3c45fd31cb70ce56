using System.Collections.Immutable;
using System.Globalization;
using Countersign.Core.Records;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Credentials;

/// <summary>What the user wrote about the helper of one target.</summary>
internal sealed record MintOptions(ImmutableArray<string> Command)
{
    /// <summary>The header of a secret that is printed as one line.</summary>
    public string Header { get; init; } = "Authorization";

    /// <summary>How long a credential may be used after the helper was started.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    public MintLimits Limits { get; init; } = new();
}

/// <summary>
/// Has a helper of the operator make the credential of one execution, and has it taken back afterwards when the helper
/// said how.
/// </summary>
internal sealed class CredentialMint(MintOptions options, TimeProvider time, ILogger log)
{
    private readonly MintProgram _program = new(options.Limits, time);

    public async Task<Minting> MintAsync(ActionRecord action, CancellationToken cancellationToken)
    {
        var longest = time.GetUtcNow() + options.TimeToLive;
        var end = await RunAsync(action, options.Command, "mint", cancellationToken);
        if (end is not ProgramEnd.Printed printed)
        {
            return new Minting.Failed($"the credential helper {end.Fault}.");
        }

        var (output, whyNot) = MintOutput.Read(printed.Output, options.Header);
        if (output is null)
        {
            log.CredentialUnusable(action.Action.Target, action.Id.Value, whyNot!);
            return new Minting.Failed($"what the credential helper printed cannot be used: {whyNot}.");
        }

        var usableUntil = output.ExpiresAt < longest ? output.ExpiresAt.Value : longest;
        return new Minting.Made(new MintedCredential(
            output.Headers, usableUntil, () => RevokeAsync(action, output.Revoke)));
    }

    /// <summary>
    /// What cannot be taken back ends by itself, so this changes no outcome. It is not cut short when the execution is:
    /// it is what makes the credential worthless.
    /// </summary>
    private Task RevokeAsync(ActionRecord action, ImmutableArray<Secret> command) => command.IsEmpty
        ? Task.CompletedTask
        : RunAsync(action, [.. command.Select(part => part.Reveal())], "revoke", CancellationToken.None);

    private async Task<ProgramEnd> RunAsync(
        ActionRecord action, ImmutableArray<string> command, string what, CancellationToken cancellationToken)
    {
        var fence = action.Life.Execution!.Fence.ToString(CultureInfo.InvariantCulture);
        var end = await _program.RunAsync(
            command,
            $"{action.Id}/{fence}/{what}",
            [
                KeyValuePair.Create("COUNTERSIGN_ACTION", action.Id.Value),
                KeyValuePair.Create("COUNTERSIGN_TARGET", action.Action.Target.Value),
                KeyValuePair.Create("COUNTERSIGN_DIGEST", action.Action.Digest.Value),
                KeyValuePair.Create("COUNTERSIGN_FENCE", fence),
                KeyValuePair.Create(
                    "COUNTERSIGN_TTL_SECONDS",
                    ((long)options.TimeToLive.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            ],
            cancellationToken);
        if (end.Fault is { } fault)
        {
            // The command that revokes came from the helper's output, so why it did not start may show a part of it.
            var why = end is ProgramEnd.NotStarted notStarted && what == "mint" ? $"{fault}: {notStarted.Why}" : fault;
            log.MintFailed(action.Action.Target, action.Id.Value, what, why, end.ErrorBytes);
        }

        return end;
    }
}
