namespace Countersign.EndToEnd.Support;

/// <summary>
/// A credential helper as an operator would write it, a shell script, and what its runs left behind. Each run prints
/// another secret.
/// </summary>
internal sealed class MintFolder : IDisposable
{
    public const string Secret = "canary-minted-8e3d";

    private readonly string _path = Directory.CreateTempSubdirectory("countersign-helper-").FullName;

    /// <param name="lines">What the helper does besides, before it prints.</param>
    public MintFolder(string lines = "")
    {
        Write("mint.sh", $$"""
            echo "$COUNTERSIGN_ACTION $COUNTERSIGN_TARGET $COUNTERSIGN_DIGEST" >> {{In("minted")}}
            env > {{In("environment")}}
            echo "{{Secret}} on standard error" >&2
            {{lines}}
            n=$(grep -c . {{In("minted")}})
            printf '{"headers":{"Authorization":"Bearer {{Secret}}-%s"},"revoke":["{{In("revoke.sh")}}","%s"]}' $n $n
            """);
        Write("revoke.sh", $$"""echo "$1 $COUNTERSIGN_ACTION" >> {{In("revoked")}}""");
    }

    /// <summary>The members of the target's configuration.</summary>
    public string Credentials =>
        $"credentials: {{ exec: [\"{In("mint.sh")}\"], header: Authorization, value: env:OPS_TOKEN, ttl: 1m }}";

    /// <summary>One line for each run: action, target and digest.</summary>
    public IReadOnlyList<string> Minted => Lines("minted");

    /// <summary>One line for each credential that was taken back: its number and the action.</summary>
    public IReadOnlyList<string> Revoked => Lines("revoked");

    /// <summary>What the last run found in its environment.</summary>
    public string Environment => string.Join('\n', Lines("environment"));

    public string In(string file) => Path.Combine(_path, file);

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private string[] Lines(string file) => File.Exists(In(file)) ? File.ReadAllLines(In(file)) : [];

    private void Write(string file, string script)
    {
        File.WriteAllText(In(file), $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(In(file), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
