/* SPDX-License-Identifier: BSD-2-Clause */
/* Start and stop, and nothing between. */
int main(void)
{
    return 0;
}
