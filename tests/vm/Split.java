// SPDX-License-Identifier: BSD-2-Clause
// Three functions that share the CPU time 50:30:20, by the thread's CPU clock.
import java.lang.management.ManagementFactory;

public class Split {
    static int sink;

    static int hot_a(int n) {
        int s = 0;
        for (int i = 0; i < n; i++)
            s = s * 31 + (i ^ s >>> 3);
        return s;
    }

    static int hot_b(int n) {
        int s = 0;
        for (int i = 0; i < n; i++)
            s = s * 31 + (i ^ s >>> 3);
        return s;
    }

    static int hot_c(int n) {
        int s = 0;
        for (int i = 0; i < n; i++)
            s = s * 31 + (i ^ s >>> 3);
        return s;
    }

    static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    static int hot(int which, int n) {
        return which == 0 ? hot_a(n) : which == 1 ? hot_b(n) : hot_c(n);
    }

    static void driver(double seconds) {
        double[] share = {0.5, 0.3, 0.2}, used = new double[3];
        long before = cpu(), end = before + (long) (seconds * 1e9);
        while (before < end) {
            int next = 0;
            for (int i = 1; i < 3; i++)
                if (used[i] / share[i] < used[next] / share[next])
                    next = i;
            sink += hot(next, 500000);
            long now = cpu();
            used[next] += now - before;
            before = now;
        }
    }

    public static void main(String[] arguments) {
        driver(Double.parseDouble(arguments[0]));
        System.out.println("done");
    }
}
