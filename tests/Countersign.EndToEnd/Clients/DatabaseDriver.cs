using System.Globalization;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd.Clients;

/// <summary>Who connects to what, as a driver is told.</summary>
internal sealed record Login(int Port, string User, string Password, string Database);

/// <summary>A public driver of PostgreSQL in a process of its own, which does one job and prints what it got.</summary>
internal static class DatabaseDriver
{
    public const string NodePostgres = "node-postgres";
    public const string PostgresJs = "postgres.js";
    public const string PgJdbc = "pgjdbc";

    private const string JdbcDriver = "/usr/share/java/postgresql.jar";

    /// <summary>A job of <c>node/scripts/postgres</c> or <c>java/PgJdbc.java</c>, by its name there.</summary>
    public static RunningProgram Start(string driver, Login login, string job, params string[] values)
    {
        var (program, arguments) = ProgramOf(driver);
        return RunningProgram.Start(new ProgramOptions(program, [.. arguments, job, .. values])
        {
            WorkingDirectory = Repository.Node,
            Environment = new Dictionary<string, string>
            {
                ["PGHOST"] = "127.0.0.1",
                ["PGPORT"] = login.Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = login.User,
                ["PGPASSWORD"] = login.Password,
                ["PGDATABASE"] = login.Database,
                ["PGSSLMODE"] = "disable",
                ["TZ"] = "UTC",
                ["LC_ALL"] = "C.UTF-8",
            },
        });
    }

    private static (string Program, string[] Arguments) ProgramOf(string driver) => driver switch
    {
        NodePostgres => (Repository.NodeProgram("node"), ["scripts/postgres/pg.mjs"]),
        PostgresJs => (Repository.NodeProgram("node"), ["scripts/postgres/postgres.mjs"]),
        _ => (FindJava(), ["-cp", JdbcDriver, Path.Combine("..", "java", "PgJdbc.java")]),
    };

    /// <summary>A compiler is needed as well, because the source is started as it is.</summary>
    private static string FindJava()
    {
        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        if (!File.Exists(JdbcDriver) || !folders.Any(folder => File.Exists(Path.Combine(folder, "javac"))))
        {
            const string missing =
                "There is no Java or no JDBC driver; install default-jdk-headless and libpostgresql-jdbc-java.";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
            throw new InvalidOperationException(missing);
        }

        return "java";
    }
}
