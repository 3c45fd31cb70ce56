import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/**
 * The JDBC driver: java -cp postgresql.jar PgJdbc.java JOB VALUE…; where to connect to is in PGHOST and its like.
 * Prints what each step gave, one line each.
 */
public final class PgJdbc {
    private static final String LONG =
        "SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) AS endless";

    private final Connection connection;

    private PgJdbc(Connection connection) {
        this.connection = connection;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("leaks")) {
            leaks(arguments[1].split(","), Arrays.asList(arguments).subList(2, arguments.length));
            return;
        }

        try (Connection connection = connect("")) {
            new PgJdbc(connection).run(arguments);
        }
    }

    private static Connection connect(String more) throws SQLException {
        return DriverManager.getConnection(
            "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/"
                + System.getenv("PGDATABASE") + "?sslmode=disable" + more,
            System.getenv("PGUSER"), System.getenv("PGPASSWORD"));
    }

    /** Each way on a connection of its own: in binary, as text, or by portals of one row at a time. */
    private static void leaks(String[] modes, List<String> ways) throws Exception {
        for (String mode : modes) {
            String options = switch (mode) {
                case "binary" -> "&prepareThreshold=-1";
                case "text" -> "&prepareThreshold=0";
                default -> "&defaultRowFetchSize=1";
            };
            for (String way : ways) {
                try (Connection connection = connect(options)) {
                    // Only in a transaction does the driver take rows in portions.
                    connection.setAutoCommit(!mode.equals("portals"));
                    var asking = new PgJdbc(connection);
                    String[] texts = way.split("\n");
                    for (String text : texts) {
                        asking.leak(text, texts.length == 1 ? 3 : 1);
                    }
                }
            }
        }
    }

    private void leak(String text, int times) throws Exception {
        if (text.startsWith("COPY")) {
            try {
                var to = new ByteArrayOutputStream();
                connection.unwrap(PGConnection.class).getCopyAPI().copyOut(text, to);
                say(to);
            } catch (SQLException failure) {
                say(why(failure));
            }

            return;
        }

        try (var statement = connection.prepareStatement(text)) {
            for (int i = 0; i < times; i++) {
                for (boolean more = statement.execute(); more; more = statement.getMoreResults()) {
                    say(rows(statement.getResultSet()));
                }
            }
        } catch (SQLException failure) {
            say(why(failure));
        }
    }

    private void run(String[] arguments) throws Exception {
        String job = arguments[0];
        String value = arguments.length > 1 ? arguments[1] : null;
        switch (job) {
            case "queries" -> queries();
            case "prepared" -> prepared();
            case "copyOut" -> copyOut();
            case "copyIn" -> copyIn(value);
            case "cancel" -> cancel(value == null ? LONG : value);
            case "pipeline" -> pipeline();
            case "remove" -> remove(Integer.parseInt(value));
            default -> throw new IllegalArgumentException(job);
        }
    }

    private void queries() throws Exception {
        ask("SELECT 1 + 1, 'häß', 1.50::numeric, '2020-01-02 03:04:05+00'::timestamptz, ARRAY[1, 2], "
            + "'{\"a\": [1]}'::jsonb, '\\x00ff'::bytea, true, NULL");
        ask("SELECT 1; SELECT 2");
        ask("SELECT nope FROM orders");
        connection.setAutoCommit(false);
        // A portal of four rows at a time.
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(4);
            say(rows(statement.executeQuery("SELECT id, total FROM orders ORDER BY id")));
        }

        connection.rollback();
        connection.setAutoCommit(true);
        ask("SELECT count(*) FROM orders");
    }

    /** From the sixth time on the driver executes by name, with binary values and without a Describe. */
    private void prepared() throws Exception {
        try (var statement = connection.prepareStatement(
            "SELECT id, total, ?::timestamptz FROM orders WHERE id = ?")) {
            for (int id = 1; id <= 10; id++) {
                statement.setTimestamp(1, new java.sql.Timestamp(id * 1000L));
                statement.setInt(2, id);
                say(rows(statement.executeQuery()));
            }
        }
    }

    private void copyOut() throws Exception {
        var to = new StringWriter();
        connection.unwrap(PGConnection.class).getCopyAPI().copyOut(
            "COPY (SELECT id, total FROM orders ORDER BY id) TO STDOUT", to);
        say(to);
    }

    private void copyIn(String rows) throws Exception {
        try {
            say(connection.unwrap(PGConnection.class).getCopyAPI().copyIn(
                "COPY orders (id, total) FROM STDIN", new StringReader(rows)));
        } catch (SQLException failure) {
            say(why(failure));
        }

        ask("SELECT 1");
    }

    private void cancel(String text) throws Exception {
        try (Statement statement = connection.createStatement()) {
            var ended = CompletableFuture.supplyAsync(() -> {
                try {
                    return String.valueOf(statement.execute(text));
                } catch (SQLException failure) {
                    return failure.getSQLState();
                }
            });
            System.in.read();
            statement.cancel();
            say(ended.get());
        }

        ask("SELECT 1");
    }

    /** Statements of one text go to the server each by itself, and one Sync behind them. */
    private void pipeline() throws Exception {
        ask("SELECT 1; SELECT 1 / (id - 1) FROM orders; SELECT 3");
        ask("SELECT 4; SELECT nope FROM orders; SELECT 5");
        ask("SELECT 6; SELECT 7");
    }

    private void remove(int id) throws Exception {
        try (var statement = connection.prepareStatement("DELETE FROM orders WHERE id = ?")) {
            statement.setInt(1, id);
            say(statement.executeUpdate());
        }

        ask("SELECT count(*) FROM orders");
    }

    private void ask(String text) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (boolean more = statement.execute(text); more; more = statement.getMoreResults()) {
                say(rows(statement.getResultSet()));
            }
        } catch (SQLException failure) {
            say(why(failure));
        }
    }

    private static String why(SQLException failure) {
        return failure.getSQLState() + " " + ((PSQLException) failure).getServerErrorMessage();
    }

    private static String rows(ResultSet result) throws SQLException {
        var rows = new ArrayList<String>();
        while (result.next()) {
            var row = new ArrayList<String>();
            for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                row.add(result.getMetaData().getColumnTypeName(i) + " " + shown(result.getObject(i)));
            }

            rows.add(row.toString());
        }

        return rows.toString();
    }

    private static String shown(Object value) {
        return value instanceof byte[] bytes ? Arrays.toString(bytes) : String.valueOf(value);
    }

    private static void say(Object value) {
        System.out.println(value);
    }
}
